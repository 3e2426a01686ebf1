// Encrypted hellos (RFC 9849) by Go's crypto/tls, which has both ends of them.
//
//	ech key ID NAME                            a new key: the private one and its list of one config, in hex
//	ech serve ADDRESS CERTIFICATES KEY CONFIG  a web server; certificates are NAME.pem, with the key server.key
//	ech fetch NAME ADDRESS CA CONFIG           one request; a key that is not taken is asked for and tried once more
//	ech once NAME ADDRESS CA CONFIG            one request, whatever comes of it
package main

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ech:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "key":
		return key(arguments[1], arguments[2])
	case len(arguments) == 5 && arguments[0] == "serve":
		return serve(arguments[1], arguments[2], arguments[3], arguments[4])
	case len(arguments) == 5 && (arguments[0] == "fetch" || arguments[0] == "once"):
		return fetch(arguments[1], arguments[2], arguments[3], arguments[4], arguments[0] == "fetch")
	}
	return errors.New("see the head of ech.go")
}

// key prints a private key and the list of its config (RFC 9849 section 4).
func key(id, name string) error {
	number, err := strconv.ParseUint(id, 10, 8)
	if err != nil {
		return err
	}
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	public := private.PublicKey().Bytes()
	contents := []byte{byte(number), 0, 0x20}
	contents = append(withLength(contents, public), 0, 4, 0, 1, 0, 1, 32, byte(len(name)))
	contents = append(append(contents, name...), 0, 0)
	config := withLength([]byte{0xfe, 0x0d}, contents)
	fmt.Printf("%x %x\n", private.Bytes(), withLength(nil, config))
	return nil
}

func withLength(to, bytes []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(bytes))), bytes...)
}

func serve(address, folder, key, configs string) error {
	private, err := hex.DecodeString(key)
	if err != nil {
		return err
	}
	list, err := hex.DecodeString(configs)
	if err != nil {
		return err
	}
	config := &tls.Config{
		NextProtos:               []string{"http/1.1"},
		EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{{Config: list[2:], PrivateKey: private, SendAsRetry: true}},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			of := filepath.Join(folder, filepath.Base(hello.ServerName)+".pem")
			certificate, err := tls.LoadX509KeyPair(of, filepath.Join(folder, "server.key"))
			return &certificate, err
		},
	}
	listener, err := tls.Listen("tcp", address, config)
	if err != nil {
		return err
	}
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok from", r.Host)
	}))
}

func fetch(name, address, authority, configs string, again bool) error {
	list, err := hex.DecodeString(configs)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(authority)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	config := &tls.Config{ServerName: name, RootCAs: roots, EncryptedClientHelloConfigList: list}
	err = request(address, config)
	var rejected *tls.ECHRejectionError
	if errors.As(err, &rejected) && again && len(rejected.RetryConfigList) > 0 {
		fmt.Println("the key was not taken; once more, with the one that was sent")
		config.EncryptedClientHelloConfigList = rejected.RetryConfigList
		err = request(address, config)
	}
	return err
}

func request(address string, config *tls.Config) error {
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 9 * time.Second}, "tcp", address, config)
	if err != nil {
		return err
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", config.ServerName)
	status, err := bufio.NewReader(connection).ReadString('\n')
	fmt.Print(status)
	return err
}

"""Fetches a page as a browser does: BoringSSL, a large post-quantum hello in shuffled order with ECH GREASE, HTTP/2.

With an ECHConfigList in base64 as third argument it sends a true encrypted hello instead of GREASE.
"""

import sys

from curl_cffi import CurlOpt, requests


def main():
    authority, url, *ech = sys.argv[1:]
    options = {CurlOpt.ECH: f"ecl:{ech[0]}"} if ech else {}
    try:
        answer = requests.get(url, impersonate="chrome", verify=authority, timeout=13, curl_options=options)
        print(f"{url} -> {answer.status_code}")
    except requests.exceptions.RequestException as error:
        print(f"{url} -> {error}")


if __name__ == "__main__":
    main()

# What @...@ stands for is filled in by `scripts/dist formula`.
class Pktaudit < Formula
  desc "Audits packet captures against vendors' firewall-exception requirements"
  homepage "@HOMEPAGE@"
  url "@URL@"
  version "@VERSION@"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build
  uses_from_macos "libpcap"

  def install
    system "cargo", "install", *std_cargo_args
    man1.mkpath
    system bin/"pktaudit", "man", "--dir", man1
    generate_completions_from_executable(bin/"pktaudit", "completions")
    pkgshare.install "samples/blocked-syn-dropped"
  end

  test do
    sample = pkgshare/"blocked-syn-dropped"
    report = shell_output("#{bin}/pktaudit audit --site #{sample}/site.toml #{sample}/capture.pcap", 1)
    assert_match "Stopped on the path (1)", report
  end
end

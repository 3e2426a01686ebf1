//! Pages as vendors write them, whole: what is wanted of each was written down first.

use super::import::Imported;

/// A table by protocol, whose source reaches over other rows; a note below it is told.
#[test]
fn spans_over_protocol_and_source() {
    let page = r##"<!doctype html>
<html lang="en"><head><title>Network firewall or proxy server settings for Acme Meetings</title></head><body>
<nav><a href="https://www.acmemeet.com/pricing">Pricing</a></nav>
<h1>Network firewall or proxy server settings for Acme Meetings</h1>
<p>If your app stays in <em>connecting</em> mode, check <a href="https://status.acmemeet.com">status.acmemeet.com</a>.</p>
<h2>Firewall rules for Acme clients</h2>
<table border="1">
<thead><tr><th>Protocol</th><th>Ports</th><th>Source</th><th>Destination</th><th>Purpose</th></tr></thead>
<tbody>
<tr><td rowspan="3">TCP</td><td>80, 443</td><td rowspan="5">All Acme clients</td><td><code>*.acmemeet.com</code></td><td>Web site and sign-in</td></tr>
<tr><td>443, 8801&ndash;8802</td><td>170.114.0.0/16<br>198.251.128.0/17</td><td>Meetings</td></tr>
<tr><td>443</td><td>*.cloudfront.example<br>acme-cdn.example</td><td>Content (optional)</td></tr>
<tr><td rowspan="2">UDP</td><td>3478, 3479, 8801 - 8810</td><td>170.114.0.0/16</td><td>Media</td></tr>
<tr><td>443</td><td>170.114.0.0/16</td><td>Media over QUIC</td></tr>
</tbody></table>
<p><strong>Note:</strong> certificate revocation needs <code>ocsp.digicert.example</code> as well.</p>
<footer>&copy; acmemeet.com</footer></body></html>
"##;
    let imported = Imported::of("meet.html", page, &[]).text();
    imported.holds(&[
        "acme-client > *.acmemeet.com :80,443/tcp [all] Web site and sign-in",
        "acme-client > 170.114.0.0/16 :443,8801-8802/tcp [all] Meetings",
        "acme-client > 198.251.128.0/17 :443,8801-8802/tcp [all] Meetings",
        "acme-client > *.cloudfront.example :443/tcp [all] Content (optional)",
        "acme-client > acme-cdn.example :443/tcp [all] Content (optional)",
        "acme-client > 170.114.0.0/16 :3478-3479,8801-8810/udp [all] Media",
        "acme-client > 170.114.0.0/16 :443/udp [all] Media over QUIC",
    ]);
    imported.complains(&["status.acmemeet.com", "ocsp.digicert.example"]);
}

/// Regions as a column, lists without ports, and where webhooks come from.
#[test]
fn markdown_with_metadata_lists_and_webhooks() {
    let page = r##"---
title: Network Traffic
further_reading:
  - link: 'https://docs.acmedog.example/getting_started'
    tag: 'Documentation'
---

## Overview

Traffic is always initiated by the Agent to Acme. All traffic is sent over TLS. Read <https://docs.acmedog.example/proxy> first.

## Installation

Add the following domains to your inclusion list:

- `install.acmedog.example`
- `yum.acmedog.example`
- `keys.acmedog.example`

## Destinations

| Product | Region | Host | Port |
| --- | --- | --- | --- |
| APM | US1 | `trace.agent.acmedog.example` | 443/tcp |
| APM | EU1 | `trace.agent.acmedog.eu` | 443/tcp |
| Logs | US1 | `agent-intake.logs.acmedog.example`, `*.http-intake.logs.acmedog.example` | 443/tcp, 10516/tcp |
| NTP | all | `0.acmedog.pool.ntp.example` | 123/udp |

Metrics are sent to `<VERSION>-app.agent.acmedog.example`, where version is for example `7-52-0`.

### Inbound

Webhooks come from these addresses:

- 192.0.2.10/32
- 192.0.2.11/32
"##;
    let imported = Imported::of("dog.md", page, &[]).text();
    imported.holds(&[
        "any > install.acmedog.example :/ [all] Installation",
        "any > yum.acmedog.example :/ [all] Installation",
        "any > keys.acmedog.example :/ [all] Installation",
        "any > trace.agent.acmedog.example :443/tcp [us1] APM",
        "any > trace.agent.acmedog.eu :443/tcp [eu1] APM",
        "any > agent-intake.logs.acmedog.example :443,10516/tcp [us1] Logs",
        "any > *.http-intake.logs.acmedog.example :443,10516/tcp [us1] Logs",
        "any > 0.acmedog.pool.ntp.example :123/udp [all] NTP",
        "192.0.2.10,192.0.2.11 > inbound-receiver :/ [all] Inbound",
    ]);
    imported.complains(&["Traffic is always initiated", "<VERSION>-app"]);
}

/// A column a region; the addresses in parentheses are those of the names, and no rows.
#[test]
fn regions_across_and_addresses_of_today() {
    let page = r##"<div><h2>Cloud IP addresses and FQDNs</h2>
<table><tr><th>Service</th><th>US-1</th><th>EU-1</th></tr>
<tr><td>Sensor to cloud</td><td>ts01-b.acmesink.net<br>(52.0.0.10, 52.0.0.11)</td><td>ts01-lanner.acmesink.net<br>(3.0.0.10)</td></tr>
<tr><td>Console</td><td>falcon.acme.com</td><td>falcon.eu-1.acme.com</td></tr></table>
<p>Allow outbound port 443 for all.</p></div>
"##;
    let imported = Imported::of("sink.html", page, &[]).text();
    imported.holds(&[
        "any > ts01-b.acmesink.net :/ [us-1] Sensor to cloud",
        "any > ts01-lanner.acmesink.net :/ [eu-1] Sensor to cloud",
        "any > falcon.acme.com :/ [us-1] Console",
        "any > falcon.eu-1.acme.com :/ [eu-1] Console",
    ]);
}

/// Columns that blanks keep apart.
#[test]
fn columns_of_blanks() {
    let page = r##"Acme Backup: required endpoints

The following endpoints must be reachable from each backup proxy.

Endpoint                          Port       Protocol   Purpose
vault.acmebackup.example          443        TCP        Vault API
*.storage.acmebackup.example      443        TCP        Object storage
license.acmebackup.example        80, 443    TCP        Licence activation
ntp.acmebackup.example            123        UDP        Time
203.0.113.0/26                    6160-6163  TCP        Data movers

For help see https://support.acmebackup.example/kb/1234.
"##;
    let imported = Imported::of("backup.txt", page, &[]).text();
    imported.holds(&[
        "any > vault.acmebackup.example :443/tcp [all] Vault API",
        "any > *.storage.acmebackup.example :443/tcp [all] Object storage",
        "any > license.acmebackup.example :80,443/tcp [all] Licence activation",
        "any > ntp.acmebackup.example :123/udp [all] Time",
        "any > 203.0.113.0/26 :6160-6163/tcp [all] Data movers",
    ]);
    imported.complains(&["support.acmebackup.example"]);
}

/// Regions over lists in lists, one of two, ports in the heading.
#[test]
fn nested_lists_with_ports_in_their_heading() {
    let page = r##"<html><body><h1>Acme Access: exceptions</h1>
<h3>Outbound over TCP 443</h3>
<ul><li>All regions<ul><li>api.acmeaccess.example</li><li>login.acmeaccess.example</li></ul></li>
<li>Japan<ul><li>jp.gw.acmeaccess.example</li></ul></li>
<li>Europe<ul><li>eu.gw.acmeaccess.example</li><li>Plus one of the following:<ul><li>eu1.pac.acmeaccess.example (recommended)</li><li>eu2.pac.acmeaccess.example</li></ul></li></ul></li></ul>
<h3>Outbound over UDP 4500 and 500</h3><ul><li>vpn.acmeaccess.example</li></ul></body></html>
"##;
    let imported = Imported::of("access.html", page, &[]).text();
    imported.holds(&[
        "any > api.acmeaccess.example :443/tcp [all] Outbound over TCP 443",
        "any > login.acmeaccess.example :443/tcp [all] Outbound over TCP 443",
        "any > jp.gw.acmeaccess.example :443/tcp [japan] Outbound over TCP 443",
        "any > eu.gw.acmeaccess.example :443/tcp [europe] Outbound over TCP 443",
        "any > eu1.pac.acmeaccess.example :443/tcp [europe] Outbound over TCP 443",
        "any > eu2.pac.acmeaccess.example :443/tcp [europe] Outbound over TCP 443",
        "any > vpn.acmeaccess.example :500,4500/udp [all] Outbound over UDP 4500 and 500",
    ]);
}

/// A label before a dash, ports behind the name, a block of code that is a list and one that is commands.
#[test]
fn items_with_labels_and_ports_in_parentheses() {
    let page = r##"# Acme EDR firewall requirements

* **Management console** – `console.acmeedr.example` (TCP 443)
* **Update servers** – `update.acmeedr.example`, `mirror.acmeedr.example` (TCP 80/443)
* **Telemetry** – `*.ingest.acmeedr.example` (TCP 443, optional)
* **Time** – `time.acmeedr.example` (UDP 123)

Open these in addition if you use the on-premises relay:

```
relay-a.acmeedr.example:8443
relay-b.acmeedr.example:8443
```

To test, run:

```
curl -v https://console.acmeedr.example/ping
openssl s_client -connect update.acmeedr.example:443
```
"##;
    let imported = Imported::of("edr.md", page, &[]).text();
    imported.holds(&[
        "any > console.acmeedr.example :443/tcp [all] Acme EDR firewall requirements, Management console",
        "any > update.acmeedr.example :80,443/tcp [all] Acme EDR firewall requirements, Update servers",
        "any > mirror.acmeedr.example :80,443/tcp [all] Acme EDR firewall requirements, Update servers",
        "any > *.ingest.acmeedr.example :443/tcp [all] Acme EDR firewall requirements, Telemetry",
        "any > time.acmeedr.example :123/udp [all] Acme EDR firewall requirements, Time",
        "any > relay-a.acmeedr.example :8443/ [all] Acme EDR firewall requirements",
        "any > relay-b.acmeedr.example :8443/ [all] Acme EDR firewall requirements",
    ]);
    imported.complains(&["curl -v", "openssl s_client"]);
}

/// A list of definitions, and a table whose header has two rows.
#[test]
fn definitions_and_a_header_of_two_rows() {
    let page = r##"<html><body><h2>Hosts to allow</h2><dl><dt>cloud.acmeav.example, port 443 (TCP)</dt><dd>Policy and events</dd><dt>sig.acmeav.example, ports 80 and 443 (TCP)</dt><dd>Signatures</dd></dl>
<h2>Component matrix</h2><table><tr><th rowspan=2>Component</th><th colspan=2>Outbound</th><th rowspan=2>Remarks</th></tr><tr><th>Host</th><th>Port</th></tr>
<tr><td>Scanner</td><td>scan.acmeav.example</td><td>TCP/8443</td><td>Required</td></tr>
<tr><td>Reporter</td><td>rep.acmeav.example<br/>rep2.acmeav.example</td><td>TCP/443</td><td>Only if reports are on</td></tr></table></body></html>
"##;
    let imported = Imported::of("av.html", page, &[]).text();
    imported.holds(&[
        "any > cloud.acmeav.example :443/tcp [all] Hosts to allow",
        "any > sig.acmeav.example :80,443/tcp [all] Hosts to allow",
        "any > scan.acmeav.example :8443/tcp [all] Scanner",
        "any > rep.acmeav.example :443/tcp [all] Reporter",
        "any > rep2.acmeav.example :443/tcp [all] Reporter",
    ]);
}

/// Cells of paragraphs, a region before a name, machines among names.
#[test]
fn paragraphs_in_cells_and_roles_among_names() {
    let page = r##"<html><body><h1>SaaS connector: network prerequisites</h1>
<p>The connector VM needs outbound access to the following. No inbound ports are required.</p>
<table class="confluenceTable"><tbody>
<tr><th><p><strong>From</strong></p></th><th><p><strong>To</strong></p></th><th><p><strong>Port/Protocol</strong></p></th><th><p><strong>Description</strong></p></th></tr>
<tr><td><p>Connector</p></td><td><p>*.gw.acmesaas.example</p><p>EU: *.gw.eu.acmesaas.example</p></td><td><p>TCP: 443</p></td><td><p>Tunnel. TLS inspection must be disabled.</p></td></tr>
<tr><td><p>Connector</p></td><td><p>docker.acmesaas.example, quay.example</p></td><td><p>443 (HTTPS)</p></td><td><p>Container images</p></td></tr>
<tr><td><p>Connector</p></td><td><p>Domain controllers</p></td><td><p>TCP/UDP 88, 389, 636 (TCP)</p></td><td><p>Directory</p></td></tr>
<tr><td><p>Admin workstation</p></td><td><p>Connector</p></td><td><p>22/tcp, 443/tcp</p></td><td><p>Management</p></td></tr>
</tbody></table></body></html>
"##;
    let imported = Imported::of("saas.html", page, &[]).text();
    imported.holds(&[
        "connector > *.gw.acmesaas.example :443/tcp [all] Tunnel. TLS inspection must be disabled.",
        "connector > *.gw.eu.acmesaas.example :443/tcp [eu] Tunnel. TLS inspection must be disabled.",
        "connector > docker.acmesaas.example :443/ [all] Container images",
        "connector > quay.example :443/ [all] Container images",
        "connector > domain-controller :88,389,636/tcp,udp [all] Directory",
        "admin-workstation > connector :22,443/tcp [all] Management",
    ]);
}

/// Blocks of code that are lists, under bold lines in a section that asks to allow them.
#[test]
fn blocks_of_code_under_bold_lines() {
    let page = r##"# Acme Runner

## Network requirements

You must ensure that the runner can communicate with the following domains. If you use an IP allow list, see below.

**Needed for essential operations:**

```shell
acmehub.example
api.acmehub.example
*.actions.acmehub.example
```

**Needed for downloading actions:**

```shell
codeload.acmehub.example
pkg.acmehub.example
```

**Needed for uploading/downloading job summaries and logs:**

```shell
results.blob.core.windows.example
*.blob.core.windows.example
```

> [!NOTE]
> Some of the domains listed are CNAME records, so that `*.acmehub-alias.example` may be needed.

Connections go to port 443 (HTTPS). Git over SSH uses `ssh.acmehub.example` on port 22.
"##;
    let imported = Imported::of("runner.md", page, &[]).text();
    imported.holds(&[
        "any > acmehub.example :/ [all] Needed for essential operations",
        "any > api.acmehub.example :/ [all] Needed for essential operations",
        "any > *.actions.acmehub.example :/ [all] Needed for essential operations",
        "any > codeload.acmehub.example :/ [all] Needed for downloading actions",
        "any > pkg.acmehub.example :/ [all] Needed for downloading actions",
        "any > results.blob.core.windows.example :/ [all] Needed for uploading/downloading job summaries and logs",
        "any > *.blob.core.windows.example :/ [all] Needed for uploading/downloading job summaries and logs",
    ]);
    imported.complains(&["acmehub-alias.example", "ssh.acmehub.example"]);
}

/// A cell of two names that goes over two lines, remarks that only say whether a row is needed.
#[test]
fn tabs_with_a_cell_over_two_lines() {
    let page = r##"Firewall and Port Requirements

Agent Communication
Port	Protocol	Direction	Destination	Notes
443	TCP	Outbound	agent.acme-rmm.example	Required
443	TCP	Outbound	*.acme-rmm.example	Required
8081-8083	TCP	Outbound	relay1.acme-rmm.example
relay2.acme-rmm.example	Optional
5938	TCP/UDP	Outbound	remote.acme-rmm.example	Remote control only
9100	TCP	Inbound	Network printers	Printing

Server Communication
Port	Protocol	Direction	Source	Notes
1433	TCP	Inbound	Console server	Database
"##;
    let imported = Imported::of("rmm.txt", page, &[]).text();
    imported.holds(&[
        "any > agent.acme-rmm.example :443/tcp [all] Agent Communication",
        "any > *.acme-rmm.example :443/tcp [all] Agent Communication",
        "any > relay1.acme-rmm.example :8081-8083/tcp [all] Agent Communication",
        "any > relay2.acme-rmm.example :8081-8083/tcp [all] Agent Communication",
        "any > remote.acme-rmm.example :5938/tcp,udp [all] Remote control only",
    ]);
    imported.complains(&["Network printers", "Console server"]);
}

/// Headings that are regions over blocks of code; addresses that mail is sent from are no destinations.
#[test]
fn regions_as_headings_and_where_mail_comes_from() {
    let page = r##"<article><h2>Allowlist these domains</h2><p>For the <b>US</b> and <b>EU</b> data centers:</p>
<div class="tab" aria-label="US"><h3>US data center</h3><pre><code>api.us.acmecrm.example
*.us.acmecrm.example
cdn.acmecrm.example:443
</code></pre></div>
<div class="tab"><h3>EU data center</h3><pre><code>api.eu.acmecrm.example
*.eu.acmecrm.example
</code></pre></div>
<h2>Allowlist these IP addresses</h2><p>Emails are sent from these addresses:</p><ul><li>192.0.2.0/24</li></ul>
<h2>Related articles</h2><ul><li><a href="https://help.acmecrm.example/x">help.acmecrm.example/x</a></li></ul></article>
"##;
    let imported = Imported::of("crm.html", page, &[]).text();
    imported.holds(&[
        "any > api.us.acmecrm.example :/ [us] Allowlist these domains",
        "any > *.us.acmecrm.example :/ [us] Allowlist these domains",
        "any > cdn.acmecrm.example :443/ [us] Allowlist these domains",
        "any > api.eu.acmecrm.example :/ [eu] Allowlist these domains",
        "any > *.eu.acmecrm.example :/ [eu] Allowlist these domains",
        "192.0.2.0/24 > inbound-receiver :/ [all] Allowlist these IP addresses",
    ]);
    imported.complains(&["help.acmecrm.example"]);
}

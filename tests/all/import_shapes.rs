//! More shapes of pages and lists, each with its wish: ports in sentences and headers, drawn tables, objects of JSON.

use super::import::Imported;

/// Rows of a service for other regions than the page's own say where the far side stands; a sentence gives the ports.
#[test]
fn a_page_of_one_region_with_rows_of_others() {
    let page = "---\ntitle: 'Exceptions: United States - gateway'\n---\n\nAll connections are outbound on TCP 443.\n\n\
        | Service | Region | Host |\n|---|---|---|\n| Connector | US | 192.0.2.0/28 |\n| Connector | Europe | 192.0.2.16/28 |\n\
        | Sensor | USA | s.acme.example |\n| Console | All | c.acme.example |\n";
    let imported = Imported::of("x.md", page, &[]).text();
    imported.holds(&[
        "any > 192.0.2.0/28 :443/tcp [all] Connector",
        "any > 192.0.2.16/28 :443/tcp [all] Connector",
        "any > s.acme.example :443/tcp [us] Sensor",
        "any > c.acme.example :443/tcp [all] Console",
    ]);
    for wanted in [
        "page = \"Exceptions: United States - gateway\"",
        "region-scope = [\"us\"]",
        "region = [\"all\", \"europe\"]",
        "rows of a service that has other regions than the page (us): 2",
    ] {
        assert!(
            imported.ran.stdout.contains(wanted),
            "{wanted}\n{}",
            imported.ran.stdout
        );
    }
}

/// What stands above sections holds for all of them, what stands in one for it alone.
#[test]
fn ports_that_a_sentence_states_for_what_follows() {
    let page = "# Acme: allow list\n\nAll connections use TCP port 443 unless noted otherwise.\n\n## Cloud\n\n\
        | Purpose | Hostname |\n|---|---|\n| Sensor | `s.acme.example` |\n\n## Relay\n\nAll traffic is on UDP port 4500.\n\n\
        - `r.acme.example`\n\n## Updates\n\n- `u.acme.example`\n- `http://crl.acme.example`\n\n## Proxy\n\n\
        All ports except port 25 are open.\n\n- `p.acme.example`\n";
    Imported::of("x.md", page, &[]).text().holds(&[
        "any > s.acme.example :443/tcp [all] Sensor",
        "any > r.acme.example :4500/udp [all] Relay",
        "any > u.acme.example :443/tcp [all] Updates",
        "any > crl.acme.example :~80/ [all] Updates",
        "any > p.acme.example :443/tcp [all] Proxy",
    ]);
}

/// Sentences alone: what they demand is taken as doubtful; what they mention is told.
#[test]
fn a_page_of_sentences() {
    let page = "# Acme EDR and firewalls\n\nAllow outbound HTTPS (443) to: `edr.acme.example`, `cdn.acme.example` and `*.t.acme.example`.\n\n\
        For live response, allow TCP 4433 to `lr.acme.example`.\n\nSee `docs.acme.example` for more.\n";
    let imported = Imported::of("x.md", page, &[]).text();
    imported.holds(&[
        "any > edr.acme.example :443/ [all] Acme EDR and firewalls",
        "any > cdn.acme.example :443/ [all] Acme EDR and firewalls",
        "any > *.t.acme.example :443/ [all] Acme EDR and firewalls",
        "any > lr.acme.example :4433/tcp [all] live response",
    ]);
    imported.complains(&["docs.acme.example"]);
    assert!(imported.ran.stdout.contains("it stands in a sentence"));
}

/// Names listed in place of a wildcard go where it goes.
#[test]
fn a_list_in_place_of_a_wildcard() {
    let page = "# Acme\n\n| Source | Service | FQDN | Protocol |\n|---|---|---|---|\n| Agents | Cloud | `*.c.acme.test` | HTTPS |\n\n\
        If `*.c.acme.test` is not permitted, allow the following names:\n\n- `a.c.acme.test`\n- `b.c.acme.test`\n";
    Imported::of("x.md", page, &[]).text().holds(&[
        "agent > *.c.acme.test :~443/ [all] Cloud",
        "agent > a.c.acme.test :~443/ [all] Acme",
        "agent > b.c.acme.test :~443/ [all] Acme",
    ]);
}

/// The transport in a header, numbers of rows, and policies that call ports a service.
#[test]
fn headers_with_transports_and_numbered_rows() {
    let page = "<h1>Acme ports</h1><table><tr><th>#<th>Component<th>Destination<th>TCP port\n<tr><td>1<td>Agent<td>a.acme.example<td>443\n\
        <tr><td>2<td>Sync<td>s.acme.example<td>8000 to 8010\n<tr><td>3<td>Portal<td>p.acme.example<td>https</table>\
        <h1>Relay</h1><table><tr><th>Rule<th>Source<th>Destination<th>Service<tr><td>1<td>Relays<td>r.acme.example<td>udp/53</table>";
    Imported::of("x.html", page, &[]).text().holds(&[
        "any > a.acme.example :443/tcp [all] Agent",
        "any > s.acme.example :8000-8010/tcp [all] Sync",
        "any > p.acme.example :~443/tcp [all] Portal",
        "relay > r.acme.example :53/udp [all] Relay",
    ]);
}

#[test]
fn terms_and_what_they_are_defined_as() {
    let page = "<h1>Acme: required endpoints</h1><h2>Cloud</h2><dl><dt>Console<dd>c.acme.example, TCP 443<dt>Store\
        <dd><p>*.s.acme.example on TCP 443 and 8443</dl><p>Nothing else.</p>";
    let imported = Imported::of("x.html", page, &[]).text();
    imported.holds(&[
        "any > c.acme.example :443/tcp [all] Cloud, Console",
        "any > *.s.acme.example :443,8443/tcp [all] Cloud, Store",
    ]);
    // A piece of a page, whose ends are left out.
    let piece = "<dl><dt>Console<dd>c.acme.example, TCP 443";
    let imported = Imported::of("x.html", piece, &[]).text();
    imported.holds(&["any > c.acme.example :443/tcp [all] table 1, Console"]);
}

#[test]
fn tables_of_wikis_and_drawn_ones() {
    let wiki = "h2. Rules\n\n||Source||Destination||Port||Protocol||Purpose||\n|Devices|m.acme.example|443|TCP|Check-in|\n\
        |Devices|198.51.100.0/24|5223, 2197|TCP|Push|\n";
    Imported::of("x.txt", wiki, &[]).text().holds(&[
        "device > m.acme.example :443/tcp [all] Check-in",
        "device > 198.51.100.0/24 :2197,5223/tcp [all] Push",
    ]);
    let drawn = "Endpoints\n=========\n\n+----------------+----------+---------+\n| Host           | Port     | Purpose |\n\
        +================+==========+=========+\n| a.acme.example | 443/tcp  | Core    |\n|                |          | API     |\n\
        +----------------+----------+---------+\n| b.acme.example | 5671/tcp | Bus     |\n+----------------+----------+---------+\n";
    Imported::of("x.rst", drawn, &[]).text().holds(&[
        "any > a.acme.example :443/tcp [all] Core API",
        "any > b.acme.example :5671/tcp [all] Bus",
    ]);
}

#[test]
fn japanese_sections_with_pairs_whose_purpose_stands_last() {
    let page = "アクメの通信要件\n\nファイアウォールで次の通信を許可してください。\n\n■ 管理サーバ\n宛先：m.acme.example\nポート：443/TCP\n用途：ポリシー\n\n\
        ■ 時刻同期\n宛先：n.acme.example\nポート：123/UDP\n";
    Imported::of("x.txt", page, &[]).text().holds(&[
        "any > m.acme.example :443/tcp [all] ポリシー 管理サーバ",
        "any > n.acme.example :123/udp [all] 時刻同期",
    ]);
}

#[test]
fn objects_of_json_by_their_keys() {
    let list = r#"{"version": 3, "regions": [{"name": "eu", "endpoints": [
        {"hostname": "a.eu.acme.example", "ports": [443], "protocol": "tcp", "purpose": "Ingest"},
        {"hostname": "b.eu.acme.example", "udpPorts": [8443, 9000], "purpose": "Tunnels", "beta": true}]}],
        "agent": {"hosts": ["c.acme.example", "d.acme.example"], "port": 443, "required": false}}"#;
    let imported = Imported::of("x.json", list, &[]).text();
    imported.holds(&[
        "any > a.eu.acme.example :443/tcp [eu] Ingest",
        "any > b.eu.acme.example :8443,9000/udp [eu] Tunnels",
        "any > c.acme.example :443/ [all] agent",
        "any > d.acme.example :443/ [all] agent",
    ]);
    imported.complains(&["beta"]);
}

/// Keys in a line of an item are words like others, where no endpoint follows them.
#[test]
fn items_of_pairs() {
    let list = "endpoints:\n  - host: a.acme.example\n    port: 443\n    protocol: tcp\n  - host: \"*.c.acme.example\"\n    port: 8443\n";
    Imported::of("x.yaml", list, &[]).text().holds(&[
        "any > a.acme.example :443/tcp [all] endpoints",
        "any > *.c.acme.example :8443/ [all] endpoints",
    ]);
}

/// Of two columns that say what a row is for, the one that names machines says who opens it.
#[test]
fn a_component_column_of_machines_is_the_source() {
    let page = "# Acme\n\n| Component | Purpose | FQDN | Port |\n|---|---|---|---|\n| Agents | Heartbeat | h.acme.example | 443 |\n\
        | Agents, Relays | Updates | u.acme.example | 80 |\n";
    Imported::of("x.md", page, &[]).text().holds(&[
        "agent > h.acme.example :443/ [all] Heartbeat",
        "agent,relay > u.acme.example :80/ [all] Updates",
    ]);
    let server = page.replace("| Agents |", "| Licensing |");
    Imported::of("x.md", server, &[]).text().holds(&[
        "any > h.acme.example :443/ [all] Licensing, Heartbeat",
        "any > u.acme.example :80/ [all] Agents, Relays, Updates",
    ]);
}

//! Names told before the capture began: hosts files, the output of `dig`, the DNS answers of another capture.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::dns_log::DnsTransaction;
use super::{Observation, names};
use crate::model::Fqdn;

/// The most names that are followed from one address.
const MAX_ALIASES: usize = 256;

/// A name that an address has, from outside the capture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed {
    /// The address.
    pub address: IpAddr,
    /// The name: the one that was asked for, not the end of a CNAME chain.
    pub name: Fqdn,
    /// For whom alone it holds; `None` for all.
    pub client: Option<IpAddr>,
}

/// Seeds read from a text, and how many lines could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedText {
    /// Each once, ascending.
    pub seeds: Vec<Seed>,
    /// Numbers, from 1, of lines that are neither empty, nor a comment, nor understood.
    pub not_read: Vec<usize>,
}

/// Reads a hosts file (an address, then its names) or the output of `dig` (names, TTL, class, type, data; comments
/// behind `;`), told apart line by line. In the latter a name stands for all addresses at the end of its CNAME chain.
/// Sinkhole addresses are left out.
#[must_use]
pub fn read_seeds(text: &str) -> SeedText {
    let mut read = SeedText::default();
    let mut records: Vec<(Fqdn, Data)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split(['#', ';']).next().unwrap_or("");
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if let Some(seeds) = hosts_line(&words) {
            read.seeds.extend(seeds);
        } else if let Some(record) = dig_line(&words) {
            records.extend(record);
        } else {
            read.not_read.push(number + 1);
        }
    }
    read.seeds.extend(resolve(&records));
    read.seeds.retain(|seed| !names::is_sinkhole(seed.address));
    read.seeds.sort();
    read.seeds.dedup();
    read
}

/// The seeds in the DNS answers of another capture: names for the clients that asked.
#[must_use]
pub fn seeds_of(observation: Observation) -> Vec<Seed> {
    let capture = super::attribute(observation);
    let mut seeds: Vec<Seed> = capture.dns.iter().flat_map(seeds_of_transaction).collect();
    seeds.sort();
    seeds.dedup();
    seeds
}

fn seeds_of_transaction(transaction: &DnsTransaction) -> Vec<Seed> {
    let addresses = names::named_addresses(transaction);
    let seeds = addresses.map(|named| Seed {
        address: named.address,
        name: named.asked.clone(),
        client: Some(transaction.client.ip),
    });
    seeds.collect()
}

/// What a record leads to.
enum Data {
    Address(IpAddr),
    Alias(Fqdn),
}

fn hosts_line(words: &[&str]) -> Option<Vec<Seed>> {
    let (address, names) = words.split_first()?;
    // An address may have a zone: fe80::1%lo0.
    let address: IpAddr = address.split('%').next()?.parse().ok()?;
    let seeds = names.iter().filter_map(|name| {
        Some(Seed {
            address,
            name: Fqdn::parse(name).ok()?,
            client: None,
        })
    });
    Some(seeds.collect())
}

/// `name TTL class type data`, TTL and class left out or not; `Some(None)` for records of other types.
fn dig_line(words: &[&str]) -> Option<Option<(Fqdn, Data)>> {
    let (name, rest) = words.split_first()?;
    let rest = rest
        .iter()
        .skip_while(|word| word.bytes().all(|b| b.is_ascii_digit()) || is_class(word));
    let rest: Vec<&str> = rest.copied().collect();
    let [kind, data, ..] = rest.as_slice() else {
        return None;
    };
    let known = kind
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let owner = Fqdn::parse(name).ok();
    let data = match *kind {
        "A" | "AAAA" => Data::Address(data.parse().ok()?),
        "CNAME" | "DNAME" => Data::Alias(Fqdn::parse(data).ok()?),
        _ => return known.then_some(None),
    };
    Some(owner.map(|owner| (owner, data)))
}

fn is_class(word: &str) -> bool {
    matches!(word, "IN" | "CH" | "HS" | "ANY")
}

/// Follows aliases back from each address: to the names that nothing is an alias of. Loops of aliases lead nowhere.
fn resolve(records: &[(Fqdn, Data)]) -> Vec<Seed> {
    let mut aliases: HashMap<&Fqdn, Vec<&Fqdn>> = HashMap::new();
    for (alias, data) in records {
        if let Data::Alias(of) = data {
            aliases.entry(of).or_default().push(alias);
        }
    }
    let mut seeds = Vec::new();
    for (owner, data) in records {
        let Data::Address(address) = data else {
            continue;
        };
        let mut known = HashSet::from([owner]);
        let mut left = vec![owner];
        while let Some(name) = left.pop() {
            match aliases.get(name) {
                Some(aliases) if known.len() <= MAX_ALIASES => {
                    let more = MAX_ALIASES + 1 - known.len();
                    let new = aliases.iter().filter(|alias| known.insert(alias));
                    left.extend(new.take(more));
                }
                _ => seeds.push(Seed {
                    address: *address,
                    name: name.clone(),
                    client: None,
                }),
            }
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String)> {
        let seeds = read_seeds(text).seeds;
        let told = seeds
            .iter()
            .map(|s| (s.address.to_string(), s.name.to_string()));
        told.collect()
    }

    #[test]
    fn hosts_files_and_dig_output_are_read() {
        let hosts =
            "# local\n192.0.2.1 a.example b.example # two\n::1 localhost\n127.0.0.1 ads.example\n";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            told(hosts),
            [
                pair("192.0.2.1", "a.example"),
                pair("192.0.2.1", "b.example")
            ]
        );
        let dig = "\
; <<>> DiG 9.18 <<>> www.example.com
;; ANSWER SECTION:
www.example.com.\t300\tIN\tCNAME\tedge.cdn.example.
edge.cdn.example.\t20\tIN\tA\t192.0.2.7
edge.cdn.example. 20 IN AAAA 2001:db8::7
example.com. 300 IN NS ns.example.com.
";
        assert_eq!(
            told(dig),
            [
                pair("192.0.2.7", "www.example.com"),
                pair("2001:db8::7", "www.example.com")
            ]
        );
    }

    #[test]
    fn a_name_with_very_many_aliases_and_addresses_gives_so_many_seeds_of_each() {
        let mut dig = String::new();
        for i in 0..1000 {
            dig += &format!("a{i}.example. IN CNAME b.example.\n");
        }
        dig += "b.example. IN A 192.0.2.1\nb.example. IN A 192.0.2.2\n";
        assert_eq!(told(&dig).len(), 2 * MAX_ALIASES);
    }

    #[test]
    fn lines_that_mean_nothing_are_told() {
        assert_eq!(
            read_seeds("\nnonsense\nwww.example.com IN A 300.1.1.1\n").not_read,
            [2, 3]
        );
    }
}

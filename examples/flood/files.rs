//! Floods of what is around packets: interfaces, sections, comments, damage, zeros that compress to nothing.

use std::io;

use super::packets::{CLIENT, Packets, RESOLVER, port};

/// A frame that says little, for files whose packets do not matter.
const FRAME: [u8; 60] = [0x55; 60];

/// Interfaces with long names, and a packet of every hundredth.
pub(crate) fn interfaces(packets: &mut Packets, count: u64) -> io::Result<()> {
    let description = vec![b'd'; 200];
    for i in 0..count {
        let name = format!("{}-{i}", packets.dice.label());
        packets.out.interface(name.as_bytes(), &description)?;
        if i % 100 == 0 {
            packets.time += 1000;
            let number = u32::try_from(i).unwrap_or(u32::MAX);
            packets.out.commented(number, packets.time, &FRAME, &[])?;
        }
    }
    Ok(())
}

/// One section after another, each with an interface of a new name and a packet.
pub(crate) fn sections(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let name = format!("{}-{i}", packets.dice.label());
        packets.out.section()?;
        packets.out.interface(name.as_bytes(), b"")?;
        packets.udp((CLIENT, port(i)), (RESOLVER.0, 5000), b"packet")?;
    }
    Ok(())
}

/// Packets of one flow with eight long comments each, all different.
pub(crate) fn comments(packets: &mut Packets, count: u64) -> io::Result<()> {
    for _ in 0..count {
        let comments: Vec<String> = (0..8).map(|_| packets.dice.label().repeat(20)).collect();
        packets.time += 1000;
        packets.out.commented(0, packets.time, &FRAME, &comments)?;
    }
    Ok(())
}

/// Blocks whose two lengths differ, and packets of interfaces that there are not, between sound packets.
pub(crate) fn damage(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        if i % 2 == 0 {
            packets.time += 1000;
            packets.out.commented(9, packets.time, &FRAME, &[])?;
        } else {
            // A packet block that ends within its own fields.
            let fields = [6_u32, 16, 0, 16];
            fields
                .iter()
                .try_for_each(|field| packets.out.raw(&field.to_le_bytes()))?;
        }
        packets.udp((CLIENT, port(i)), (RESOLVER.0, 5000), b"packet")?;
    }
    Ok(())
}

/// Zeros behind the header, of which a pcap file is read as records without bytes; they are compressed to nearly nothing.
pub(crate) fn bomb(packets: &mut Packets, count: u64) -> io::Result<()> {
    let zeros = [0; 1 << 16];
    let mut left = count;
    while left > 0 {
        let most = left.min(zeros.len() as u64);
        packets.out.raw(&zeros[..most as usize])?;
        left -= most;
    }
    Ok(())
}

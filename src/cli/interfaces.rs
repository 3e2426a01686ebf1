//! `pktaudit interfaces`: what `live` can capture from.

use super::args::Common;
use super::exit::Exit;
use super::output;
use crate::report::{CsvTable, Format, Table, json_line, json_list};
use crate::source::live::{CaptureInterface, capture_interfaces};

const COLUMNS: [&str; 4] = ["interface", "state", "addresses", "description"];

pub(super) fn run(common: &Common) -> anyhow::Result<Exit> {
    let format = common.format.try_into()?;
    let found = capture_interfaces()?;
    let look = output::look(common);
    output::to_stdout(|out| match format {
        Format::Human => {
            let mut table = Table::new(COLUMNS);
            found.iter().for_each(|found| table.row(cells(found)));
            table.write(&look, out)
        }
        Format::Json => json_list(out, found.iter()),
        Format::Ndjson => found.iter().try_for_each(|found| json_line(out, found)),
        Format::Csv => {
            let mut table = CsvTable::new(out, &COLUMNS)?;
            found.iter().try_for_each(|found| table.row(cells(found)))?;
            table.finish()
        }
    })?;
    anyhow::ensure!(
        !found.is_empty(),
        "no interface can be captured from; are the rights for it there?"
    );
    Ok(Exit::Clean)
}

fn cells(interface: &CaptureInterface) -> [String; 4] {
    let addresses = interface.addresses.iter().map(ToString::to_string);
    [
        interface.name.clone(),
        interface.state.to_string(),
        addresses.collect::<Vec<_>>().join(" "),
        interface.description.clone(),
    ]
}

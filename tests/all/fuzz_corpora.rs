//! What fuzzing found worth keeping, through the same functions: `scripts/fuzz` writes the corpora.

use std::fs;

use super::fuzz_targets::TARGETS;
use super::harness::project;

#[test]
fn no_corpus_of_fuzzing_makes_its_target_panic() {
    for (name, target) in TARGETS {
        let folder = project("fuzz/corpus").join(name);
        let inputs = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| target(&bytes)).is_err() {
                panic!("{}", path.display());
            }
            count += 1;
        }
        assert!(count > 5, "{name} has {count} inputs");
    }
}

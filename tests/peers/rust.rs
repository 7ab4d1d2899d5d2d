// SPDX-License-Identifier: MIT
// Rust: std::process::Command. CHILD COUNT
use std::process::Command;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count: usize = arguments[2].parse().expect("a count");

    for _ in 0..count {
        let start = Instant::now();
        let mut child = Command::new(&arguments[1]).spawn().expect("spawn");
        let returned = start.elapsed();
        let status = child.wait().expect("wait");
        let reaped = start.elapsed();
        assert!(status.success(), "the child: {}", status);
        println!("{} {}", returned.as_nanos(), reaped.as_nanos());
    }
}

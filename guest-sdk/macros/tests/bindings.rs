//! The bindings in the crate `bootstream` follow from the contract. After a change of it, this writes them, also when that crate does not compile:
//!
//! ```console
//! $ WRITE_BINDINGS=1 cargo test -p bootstream-macros --test bindings
//! ```

use std::{env, fs, path::Path};

use wit_bindgen_core::{Files, WorldGenerator as _, wit_parser::Resolve};
use wit_bindgen_rust::Opts;

/// Returns the bindings of a world, whose types are used in `module`.
fn generated(world: &str, module: &str) -> String {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_path(&contract).expect("the contract is valid");
    let world = resolve
        .select_world(&[package], Some(world))
        .expect("the contract has the world");
    let options = Opts {
        format: true,
        pub_export_macro: true,
        default_bindings_module: Some(module.to_owned()),
        ..Opts::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .expect("the generator supports the contract");
    let (_, bindings) = files.iter().next().expect("one file");
    String::from_utf8(bindings.to_vec()).expect("Rust is UTF-8")
}

#[test]
fn the_bindings_are_those_of_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/bindings");
    for (world, module) in [
        ("handler", "bootstream::bindings"),
        ("preinit", "bootstream::bindings::preinit"),
    ] {
        let file = folder.join(world).with_extension("rs");
        let bindings = generated(world, module);
        if env::var_os("WRITE_BINDINGS").is_some() {
            fs::write(&file, &bindings).expect("the folder is writable");
        }
        let kept = fs::read_to_string(&file).expect("the bindings are kept");
        assert!(
            kept == bindings,
            "`{}` is out of date: run this test with WRITE_BINDINGS=1",
            file.display()
        );
    }
}

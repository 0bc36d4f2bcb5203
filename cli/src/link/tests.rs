use std::sync::{Arc, Mutex};

use wasmparser::{Encoding, Parser, Payload};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, StoreContextMut};

use super::link;

/// Two libraries, as componentize-py links them: with a table of functions that all share, places in it that are
/// globals, a variable of one that another changes, and imports that need the memory and so come by another table.
const LIBRARIES: &str = include_str!("libraries.wat");

/// Compiles the text after each `from` in it became its `to`.
#[track_caller]
fn component(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut text = LIBRARIES.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    wat::parse_str(text).unwrap()
}

/// Runs the component, and returns what its two exports return and what it has logged.
fn run(component: &[u8]) -> (u32, u32, Vec<String>) {
    let engine = Engine::default();
    let component = Component::new(&engine, component).unwrap();
    let mut linker = Linker::<Arc<Mutex<Vec<String>>>>::new(&engine);
    let mut host = linker.instance("host").unwrap();
    host.func_wrap(
        "log",
        |store: StoreContextMut<'_, Arc<Mutex<Vec<String>>>>, (text,): (String,)| {
            store.data().lock().unwrap().push(text);
            Ok(())
        },
    )
    .unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut store = Store::new(&engine, Arc::clone(&log));
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let mut call = |name: &str| {
        let function = instance.get_typed_func::<(), (u32,)>(&mut store, name);
        function.unwrap().call(&mut store, ()).unwrap().0
    };
    let returned = (call("run"), call("run-first"));
    let log = log.lock().unwrap().clone();
    (returned.0, returned.1, log)
}

/// Returns the number of modules, and the names of functions in them.
fn modules(component: &[u8]) -> (usize, Vec<String>) {
    let mut number = 0;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => number += 1,
            Payload::CustomSection(section) => {
                let wasmparser::KnownCustom::Name(section) = section.as_known() else {
                    continue;
                };
                for map in section {
                    if let wasmparser::Name::Function(map) = map.unwrap() {
                        names.extend(map.into_iter().map(|it| it.unwrap().name.to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    (number, names)
}

#[test]
fn linked_libraries_do_what_they_did() {
    let original = component(&[]);
    let linked = link(&original).unwrap().expect("it can be linked");

    let expected = (42, 50, vec!["hello".to_owned(), "hello".to_owned()]);
    assert_eq!(run(&original), expected);
    assert_eq!(run(&linked), expected);
}

#[test]
fn one_module_is_left_of_libraries_and_the_names_of_their_functions() {
    let original = component(&[]);
    let linked = link(&original).unwrap().expect("it can be linked");

    assert_eq!(modules(&original).0, 5);
    let (number, names) = modules(&linked);
    // The other fills the table of imports, once they have the memory.
    assert_eq!(number, 2);
    for name in ["add", "twice", "only-named", "log"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}

#[test]
fn what_is_linked_stays_as_it_is() {
    let linked = link(&component(&[])).unwrap().expect("it can be linked");
    assert_eq!(link(&linked).unwrap(), None);
}

/// The order in which modules are instantiated matters only if they run code then.
#[test]
fn a_module_that_runs_code_when_it_is_instantiated_is_left_alone() {
    let starts = component(&[(
        ";; start",
        "(func $start (call $log (i32.const 100) (i32.const 4))) (start $start)",
    )]);
    assert_eq!(link(&starts).unwrap(), None);
}

#[test]
fn a_module_with_debugging_information_is_left_alone() {
    let debug = component(&[(";; debug", r#"(@custom ".debug_info" "")"#)]);
    assert_eq!(link(&debug).unwrap(), None);
}

#[test]
fn a_component_without_libraries_is_left_alone() {
    let plain = component(&[(r#"(@custom "dylink.0" "")"#, "")]);
    assert_eq!(link(&plain).unwrap(), None);
    assert_eq!(link(&wat::parse_str("(component)").unwrap()).unwrap(), None);
    assert_eq!(link(&wat::parse_str("(module)").unwrap()).unwrap(), None);
}

/// Each instance has its own variables.
#[test]
fn a_library_with_two_instances_is_left_alone() {
    let twice = component(&[(
        ";; second",
        r#"(core instance (instantiate $first
            (with "env" (instance $first_env)) (with "GOT" (instance $got)) (with "host" (instance $shim_host))))"#,
    )]);
    assert_eq!(link(&twice).unwrap(), None);
}

#[test]
fn a_component_whose_inner_one_uses_a_module_is_left_alone() {
    let inner = component(&[(
        ";; inner",
        "(component (alias outer 1 $fixup (core module)))",
    )]);
    assert_eq!(link(&inner).unwrap(), None);
}

/// Most damage is an error; what only validation finds is left to whoever compiles the component.
#[test]
fn damage_at_any_place_never_panics() {
    let original = component(&[]);
    for at in 0..original.len() {
        for value in [0, 1, 0x7f, 0xff, original[at] ^ 1] {
            let mut damaged = original.clone();
            damaged[at] = value;
            let _ = link(&damaged);
        }
        let _ = link(&original[..at]);
    }
}

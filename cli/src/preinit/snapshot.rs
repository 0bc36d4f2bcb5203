//! How Wizer reads the memory and the globals of an instance.
//!
//! Wizer has this itself behind its feature `wasmtime`, which would enable proposals that the host
//! does not support: the host would reject such machine code.

use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Instance, Lift};
use wasmtime_wizer::ComponentInstanceState;

use super::outside::Outside;

/// An instance whose memory is read.
pub(super) struct Snapshot {
    pub(super) store: Store<Outside>,
    pub(super) instance: Instance,
}

impl Snapshot {
    /// Calls a function that Wizer has added, which exists and does not fail.
    async fn call<R, U>(
        &mut self,
        interface: &str,
        name: &str,
        take: impl FnOnce(&Store<Outside>, R) -> U,
    ) -> U
    where
        (R,): ComponentNamedList + Lift,
        R: 'static,
    {
        const ADDED: &str = "Wizer has added it";
        let store = &mut self.store;
        let interface = self.instance.get_export(&mut *store, None, interface);
        let (_, interface) = interface.expect(ADDED);
        let function = self
            .instance
            .get_export(&mut *store, Some(&interface), name);
        let (_, function) = function.expect(ADDED);
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut *store, function);
        let function = function.expect(ADDED);
        let (result,) = function.call_async(&mut *store, ()).await.expect(ADDED);
        take(store, result)
    }
}

impl ComponentInstanceState for Snapshot {
    async fn call_func_ret_list_u8(
        &mut self,
        interface: &str,
        name: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        type Bytes = wasmtime::component::WasmList<u8>;
        self.call(interface, name, |store, bytes: Bytes| {
            contents(bytes.as_le_slice(store));
        })
        .await;
    }

    async fn call_func_ret_s32(&mut self, interface: &str, name: &str) -> i32 {
        self.call(interface, name, |_, value| value).await
    }

    async fn call_func_ret_s64(&mut self, interface: &str, name: &str) -> i64 {
        self.call(interface, name, |_, value| value).await
    }

    async fn call_func_ret_f32(&mut self, interface: &str, name: &str) -> u32 {
        self.call(interface, name, |_, value: f32| value.to_bits())
            .await
    }

    async fn call_func_ret_f64(&mut self, interface: &str, name: &str) -> u64 {
        self.call(interface, name, |_, value: f64| value.to_bits())
            .await
    }
}

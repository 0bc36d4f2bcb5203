//! Which idle connection is used again, and which is closed. Decides, and does no I/O.

use std::time::Duration;

use super::moment::Moment;
use crate::outbound::keep_alive::{KeepAlive, LIFE_SECONDS};
use crate::outbound::policy::Reach;
use crate::outbound::target::Destination;

/// Longest life of a connection.
const LIFE: Duration = Duration::from_secs(LIFE_SECONDS);

/// The invocations that a connection has served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// None so far: it was opened ahead of the first request.
    Nobody,
    /// Those of this tenant, or of a function without tenants.
    Tenant(Option<String>),
}

/// Whom a connection leads to, and whom it has served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) destination: Destination,
    /// The addresses that it was allowed to lead to.
    pub(super) reach: Reach,
    pub(super) user: User,
}

/// The ages of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    pub(super) opened: Moment,
    pub(super) idle_since: Moment,
    /// How long its peer keeps it, if it has said so.
    pub(super) peer_keeps: Option<Duration>,
}

impl Ages {
    fn may_serve(&self, now: Moment, limits: KeepAlive) -> bool {
        let idle = self
            .peer_keeps
            .map_or(limits.idle, |it| it.min(limits.idle));
        self.idle_since.until(now) < idle && self.opened.until(now) < LIFE
    }
}

#[derive(Debug)]
struct Entry<T> {
    key: Key,
    ages: Ages,
    connection: T,
}

/// The idle connections, those that became idle last at the end.
#[derive(Debug)]
pub(super) struct IdleSet<T>(Vec<Entry<T>>);

impl<T> IdleSet<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes the connection to `key.destination` that became idle last, preferably one that `key.user` has
    /// used. The second part of the result has the connections that have become too old.
    pub(super) fn take(
        &mut self,
        key: &Key,
        now: Moment,
        limits: KeepAlive,
    ) -> (Option<T>, Vec<T>) {
        let expired = self.expire(now, limits);
        let of = |user: &User| {
            let fits = |it: &Entry<T>| {
                it.key.destination == key.destination
                    && it.key.reach == key.reach
                    && it.key.user == *user
            };
            self.0.iter().rposition(fits)
        };
        let found = of(&key.user).or_else(|| of(&User::Nobody));
        let taken = found.map(|at| self.0.remove(at).connection);
        (taken, expired)
    }

    /// Adds a connection. Returns those that have to be closed for it: expired ones, and the oldest where
    /// there are too many.
    pub(super) fn put(&mut self, key: Key, connection: T, ages: Ages, limits: KeepAlive) -> Vec<T> {
        let mut closed = self.expire(ages.idle_since, limits);
        if !ages.may_serve(ages.idle_since, limits) {
            closed.push(connection);
            return closed;
        }
        let is_same = |it: &Entry<T>| it.key == key;
        if self.0.iter().filter(|it| is_same(it)).count() >= limits.per_destination
            && let Some(oldest) = self.0.iter().position(is_same)
        {
            closed.push(self.0.remove(oldest).connection);
        }
        if self.0.len() >= limits.in_all {
            closed.push(self.0.remove(0).connection);
        }
        self.0.push(Entry {
            key,
            ages,
            connection,
        });
        closed
    }

    /// Removes all connections.
    pub(super) fn clear(&mut self) -> Vec<T> {
        self.0.drain(..).map(|it| it.connection).collect()
    }

    fn expire(&mut self, now: Moment, limits: KeepAlive) -> Vec<T> {
        let expired = self.0.extract_if(.., |it| !it.ages.may_serve(now, limits));
        expired.map(|it| it.connection).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> KeepAlive {
        KeepAlive::new(50 * SECOND, 1)
    }

    fn key(host: &str, tenant: Option<&str>) -> Key {
        Key {
            destination: Destination::of(&host.parse().unwrap()).unwrap(),
            reach: Reach::Listed,
            user: User::Tenant(tenant.map(ToOwned::to_owned)),
        }
    }

    fn ages(idle_since: Moment) -> Ages {
        Ages {
            opened: idle_since,
            idle_since,
            peer_keeps: None,
        }
    }

    fn take(set: &mut IdleSet<u32>, key: &Key, now: Moment) -> Option<u32> {
        set.take(key, now, limits()).0
    }

    #[test]
    fn a_connection_leads_to_its_scheme_host_and_port_only() {
        let now = Moment::now();
        let mut set = IdleSet::new();
        set.put(key("https://a.example/", None), 1, ages(now), limits());
        for other in [
            "http://a.example:443/",
            "https://a.example:8443/",
            "https://b.example/",
            "https://b.a.example/",
        ] {
            assert_eq!(take(&mut set, &key(other, None), now), None, "{other}");
        }
        assert_eq!(
            take(&mut set, &key("https://A.example./", None), now),
            Some(1)
        );
    }

    /// It may lead to a private address, where an unsigned request must not go.
    #[test]
    fn a_connection_of_signed_requests_is_not_given_to_others() {
        let now = Moment::now();
        let listed = key("https://a.example/", None);
        let service = Key {
            reach: Reach::Service,
            ..listed.clone()
        };
        let mut set = IdleSet::new();
        set.put(service.clone(), 1, ages(now), limits());
        assert_eq!(take(&mut set, &listed, now), None);
        assert_eq!(take(&mut set, &service, now), Some(1));
    }

    #[test]
    fn a_connection_of_a_tenant_is_not_given_to_another() {
        let now = Moment::now();
        for (user, other) in [
            (Some("a"), Some("b")),
            (Some("a"), None),
            (None, Some("a")),
            (Some(""), None),
        ] {
            let mut set = IdleSet::new();
            set.put(key("https://a.example/", user), 1, ages(now), limits());
            assert_eq!(take(&mut set, &key("https://a.example/", other), now), None);
            assert_eq!(
                take(&mut set, &key("https://a.example/", user), now),
                Some(1)
            );
        }
    }

    #[test]
    fn a_connection_opened_ahead_serves_any_tenant_once() {
        let now = Moment::now();
        let of_a = key("https://a.example/", Some("a"));
        let mut set = IdleSet::new();
        set.put(of_a.clone(), 1, ages(now), limits());
        let fresh = Key {
            user: User::Nobody,
            ..of_a.clone()
        };
        set.put(fresh, 2, ages(now), limits());
        assert_eq!(take(&mut set, &of_a, now), Some(1), "its own first");
        assert_eq!(take(&mut set, &of_a, now), Some(2));
    }

    #[test]
    fn an_idle_connection_expires_by_either_clock() {
        let then = Moment::now();
        for (monotonic, wall, serves) in [(49, 49, true), (50, 0, false), (0, 50, false)] {
            let mut set = IdleSet::new();
            set.put(key("https://a.example/", None), 1, ages(then), limits());
            let now = then.after(monotonic * SECOND, wall * SECOND);
            let (taken, expired) = set.take(&key("https://a.example/", None), now, limits());
            assert_eq!(taken.is_some(), serves, "{monotonic} {wall}");
            assert_eq!(expired.is_empty(), serves, "{monotonic} {wall}");
        }
    }

    #[test]
    fn a_connection_expires_however_often_it_is_used() {
        let opened = Moment::now();
        for (age, kept) in [(299, true), (300, false)] {
            let mut set = IdleSet::new();
            let ages = Ages {
                opened,
                ..ages(opened.after(Duration::ZERO, age * SECOND))
            };
            let closed = set.put(key("https://a.example/", None), 1, ages, limits());
            assert_eq!(closed.is_empty(), kept, "{age}");
        }
    }

    #[test]
    fn a_peer_may_keep_its_connections_for_less_time_but_not_for_more() {
        let then = Moment::now();
        for (peer, idle, serves) in [(5, 4, true), (5, 5, false), (400, 50, false), (0, 0, false)] {
            let mut set = IdleSet::new();
            let ages = Ages {
                peer_keeps: Some(peer * SECOND),
                ..ages(then)
            };
            set.put(key("https://a.example/", None), 1, ages, limits());
            let now = then.after(idle * SECOND, idle * SECOND);
            let taken = take(&mut set, &key("https://a.example/", None), now);
            assert_eq!(taken.is_some(), serves, "{peer} {idle}");
        }
    }

    #[test]
    fn the_last_idle_connection_is_taken_first_and_the_oldest_closed() {
        let now = Moment::now();
        let key = key("https://a.example/", None);
        let mut set = IdleSet::new();
        let mut put = |it| set.put(key.clone(), it, ages(now), limits());
        assert_eq!((put(1), put(2), put(3)), (vec![], vec![], vec![1]));
        let mut take = || take(&mut set, &key, now);
        assert_eq!((take(), take(), take()), (Some(3), Some(2), None));
    }

    #[test]
    fn a_process_keeps_a_limited_number() {
        let now = Moment::now();
        let mut set = IdleSet::new();
        let mut put = |it: u32| {
            let key = key(&format!("https://host-{it}.example/"), None);
            set.put(key, it, ages(now), limits())
        };
        let closed: Vec<_> = (0..17).flat_map(&mut put).collect();
        assert_eq!(closed, [0]);
        assert_eq!(set.clear().len(), 16);
    }

    #[test]
    fn a_time_of_zero_keeps_none() {
        let off = KeepAlive::new(Duration::ZERO, 1);
        let mut set = IdleSet::new();
        let key = key("https://a.example/", None);
        assert_eq!(set.put(key, 1, ages(Moment::now()), off), [1]);
        assert!(!off.is_on());
    }
}

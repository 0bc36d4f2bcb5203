//! The place of an invocation in the traces of others. Decided without I/O.

use super::event::HttpEvent;
use super::header::{Traceparent, XrayHeader};
use super::id::{Ids, SpanId, TraceId};

/// The place of a span in a trace of X-Ray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    /// Lambda's segment of the function.
    pub(crate) parent: SpanId,
}

/// The place of a span in a trace of OpenTelemetry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) trace: TraceId,
    pub(crate) parent: Option<SpanId>,
    /// W3C's `tracestate`.
    pub(crate) state: Option<String>,
    /// The event, if it is that of an HTTP front end.
    pub(crate) event: Option<HttpEvent>,
}

/// The traces that an invocation belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    /// That of X-Ray, if it is recorded.
    pub(crate) xray: Option<Place>,
    /// That of OpenTelemetry, if it is recorded.
    pub(crate) otlp: Option<Context>,
}

impl Traces {
    pub(crate) fn are_recorded(&self) -> bool {
        self.trace().is_some()
    }

    /// The trace that is recorded. Those of OpenTelemetry come first.
    pub(crate) fn trace(&self) -> Option<TraceId> {
        let otlp = self.otlp.as_ref().map(|it| it.trace);
        otlp.or(self.xray.map(|it| it.trace))
    }
}

/// Where the parent of an invocation may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagator {
    /// The header `traceparent` of the event.
    TraceContext,
    /// The header of X-Ray in the event.
    Xray,
    /// The header of X-Ray in the invocation. Comes before all others.
    XrayLambda,
}

/// Which invocations are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampler {
    Always,
    Never,
    /// This part of all traces, 0 to 1.
    Ratio(f64),
}

/// How traces go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Propagation {
    pub(crate) propagators: Vec<Propagator>,
    /// Whether a parent decides for its children.
    pub(crate) is_parent_based: bool,
    pub(crate) sampler: Sampler,
}

struct Parent {
    context: Context,
    sampled: Option<bool>,
}

impl Propagation {
    /// Returns the place of an invocation, if it is recorded. `xray`: the header of the invocation.
    pub(crate) fn place(
        &self,
        event: Option<HttpEvent>,
        xray: Option<&str>,
        ids: Ids,
    ) -> Option<Context> {
        let root = || Parent {
            context: Context {
                trace: ids.trace(),
                parent: None,
                state: None,
                event: None,
            },
            sampled: None,
        };
        let parent = self.parent(event.as_ref(), xray).unwrap_or_else(root);
        let decided = parent.sampled.filter(|_| self.is_parent_based);
        let is_recorded = decided.unwrap_or_else(|| self.sampler.records(parent.context.trace));
        is_recorded.then_some(Context {
            event,
            ..parent.context
        })
    }

    fn parent(&self, event: Option<&HttpEvent>, xray: Option<&str>) -> Option<Parent> {
        let of_invocation = self.propagators.contains(&Propagator::XrayLambda);
        let of_invocation = xray.filter(|_| of_invocation).and_then(of_xray);
        let of_event = |propagator: &Propagator| match propagator {
            Propagator::TraceContext => of_trace_context(event?),
            Propagator::Xray => of_xray(event?.xray.as_deref()?),
            Propagator::XrayLambda => None,
        };
        of_invocation.or_else(|| self.propagators.iter().find_map(of_event))
    }
}

impl Sampler {
    fn records(self, trace: TraceId) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Ratio(part) => trace.fraction() < part,
        }
    }
}

fn of_trace_context(event: &HttpEvent) -> Option<Parent> {
    let header = Traceparent::parse(event.traceparent.as_deref()?)?;
    Some(Parent {
        context: Context {
            trace: header.trace,
            parent: Some(header.parent),
            state: event.tracestate.clone(),
            event: None,
        },
        sampled: Some(header.sampled),
    })
}

fn of_xray(header: &str) -> Option<Parent> {
    let header = XrayHeader::parse(header)?;
    Some(Parent {
        context: Context {
            trace: header.root,
            parent: header.parent,
            state: None,
            event: None,
        },
        sampled: header.sampled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn propagation(propagators: &[Propagator]) -> Propagation {
        Propagation {
            propagators: propagators.to_vec(),
            is_parent_based: true,
            sampler: Sampler::Always,
        }
    }

    fn event(flags: &str) -> HttpEvent {
        HttpEvent {
            traceparent: Some(format!("00-{:032x}-{:016x}-{flags}", 7, 8)),
            xray: Some(format!(
                "Root=1-{:08x}-{:024x};Parent={:016x};Sampled=0",
                0, 9, 10
            )),
            ..HttpEvent::default()
        }
    }

    /// The parent of an invocation, as a number.
    fn parent(propagators: &[Propagator], event: Option<&HttpEvent>) -> Option<String> {
        let propagation = Propagation {
            is_parent_based: false,
            ..propagation(propagators)
        };
        let context = propagation
            .place(event.cloned(), Some(XRAY), Ids::new(1))
            .unwrap();
        context.parent.map(|parent| parent.to_string())
    }

    #[test]
    fn the_parent_is_that_of_the_event_unless_lambda_s_is_asked_for() {
        use Propagator::{TraceContext, Xray, XrayLambda};
        let event = event("01");
        let id = |number: u64| Some(format!("{number:016x}"));
        assert_eq!(parent(&[TraceContext, Xray], Some(&event)), id(8));
        assert_eq!(parent(&[Xray, TraceContext], Some(&event)), id(10));
        assert_eq!(
            parent(&[TraceContext, XrayLambda], Some(&event)),
            id(0x5399_5c3f_42cd_8ad8)
        );
        assert_eq!(parent(&[TraceContext, Xray], None), None);
        assert_eq!(parent(&[], Some(&event)), None);
    }

    #[test]
    fn a_parent_decides_whether_its_children_are_recorded() {
        let recorded = |flags: &str, sampler, is_parent_based| {
            let propagation = Propagation {
                is_parent_based,
                sampler,
                ..propagation(&[Propagator::TraceContext])
            };
            propagation
                .place(Some(event(flags)), None, Ids::new(1))
                .is_some()
        };
        for (flags, sampler, is_parent_based, expected) in [
            ("01", Sampler::Never, true, true),
            ("00", Sampler::Always, true, false),
            ("01", Sampler::Never, false, false),
            ("00", Sampler::Always, false, true),
            ("xx", Sampler::Never, true, false),
            ("xx", Sampler::Always, true, true),
            ("xx", Sampler::Ratio(0.0), true, false),
            ("xx", Sampler::Ratio(1.0), true, true),
        ] {
            assert_eq!(
                recorded(flags, sampler, is_parent_based),
                expected,
                "{flags} {sampler:?}"
            );
        }
    }

    #[test]
    fn a_ratio_records_its_part_of_the_traces() {
        let sampler = Sampler::Ratio(0.25);
        let traces = (0..4000).map(|seed| Ids::new(seed).trace());
        let recorded = traces.filter(|trace| sampler.records(*trace)).count();
        assert!((900..1100).contains(&recorded), "{recorded}");
    }
}

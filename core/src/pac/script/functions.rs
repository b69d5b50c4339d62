//! The functions that scripts find, over the pure ones of
//! [`pac`](winhttp_proto::proxy::pac).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use rquickjs::function::Func;
use rquickjs::{Ctx, Exception, Function, Result};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{self, Failure};
use winhttp_proto::proxy::pac::time::{Argument, Moment};
use winhttp_proto::proxy::pac::{address, name, time};

use super::arguments::{Name, Texts, Words};
use crate::engine::clock;
use crate::pac::{Cancel, Network};

/// Names that one run may look up; all further ones have no address.
const MAX_NAMES: usize = 256;

/// The address of a machine without a default route.
const LOOPBACK: &str = "127.0.0.1";

/// getClientVersion.
const VERSION: &str = "1.0";

/// Gives the parts of the present time; `true` asks for GMT. Made before the script runs, so that a
/// `Date` of its own changes nothing.
const CLOCK: &str = "(D => gmt => { const d = new D(); return gmt \
    ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCDay(), \
       d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()] \
    : [d.getFullYear(), d.getMonth(), d.getDate(), d.getDay(), \
       d.getHours(), d.getMinutes(), d.getSeconds()]; })(Date)";

/// What one run asks the network; each name is looked up once.
pub(super) struct Names {
    network: Arc<dyn Network>,
    deadline: Instant,
    cancel: Cancel,
    known: RefCell<BTreeMap<String, Vec<IpAddr>>>,
    /// Why the network could not be asked. A script that took this for an answer might send
    /// requests past their proxy, so the run ends with it.
    failure: RefCell<Option<Failure>>,
}

impl Names {
    pub(super) fn new(network: Arc<dyn Network>, deadline: Instant, cancel: Cancel) -> Rc<Self> {
        Rc::new(Self {
            network,
            deadline,
            cancel,
            known: RefCell::default(),
            failure: RefCell::default(),
        })
    }

    /// Nobody wants an answer of the script any more.
    pub(super) fn is_over(&self) -> bool {
        let has_failed = self.failure.borrow().is_some();
        has_failed || self.cancel.is_cancelled() || clock::now() >= self.deadline
    }

    /// Why the network could not be asked, whatever the script has made of that.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.borrow().clone()
    }

    fn addresses(&self, ctx: &Ctx<'_>, name: &Name) -> Result<Vec<IpAddr>> {
        let Some(name) = &name.0 else {
            return Ok(Vec::new());
        };
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(known.clone());
        }
        if self.known.borrow().len() >= MAX_NAMES {
            return Ok(Vec::new());
        }
        let found = self.network.addresses(name, self.deadline, &self.cancel);
        let found = match found {
            // Not known in time is as not known.
            Err(failure) if failure.error() == Error::Timeout => Vec::new(),
            found => self.told(ctx, found)?,
        };
        self.known
            .borrow_mut()
            .insert(name.to_owned(), found.clone());
        Ok(found)
    }

    fn first_v4(&self, ctx: &Ctx<'_>, name: &Name) -> Result<Option<Ipv4Addr>> {
        Ok(first_v4(&self.addresses(ctx, name)?))
    }

    fn own(&self, ctx: &Ctx<'_>) -> Result<Vec<IpAddr>> {
        self.told(ctx, self.network.own_addresses())
    }

    /// An answer of the network; a failure is thrown, and ends the run even if it is caught.
    fn told<T>(&self, ctx: &Ctx<'_>, answer: failure::Result<T>) -> Result<T> {
        answer.map_err(|failure| {
            self.failure.borrow_mut().get_or_insert(failure);
            Exception::throw_message(ctx, "the network cannot be asked")
        })
    }
}

fn first_v4(addresses: &[IpAddr]) -> Option<Ipv4Addr> {
    addresses.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    })
}

/// Defines all functions.
pub(super) fn define(ctx: &Ctx<'_>, names: Rc<Names>) -> Result<()> {
    define_pure(ctx)?;
    define_times(ctx)?;
    define_names(ctx, names)
}

fn define_pure(ctx: &Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    let plain = |Texts([host]): Texts<1>| name::is_plain_host_name(&host);
    globals.set("isPlainHostName", Func::from(plain))?;
    let within = |Texts([host, domain]): Texts<2>| name::dns_domain_is(&host, &domain);
    globals.set("dnsDomainIs", Func::from(within))?;
    let local = |Texts([host, full]): Texts<2>| name::local_host_or_domain_is(&host, &full);
    globals.set("localHostOrDomainIs", Func::from(local))?;
    // A text has less than 2^32 characters.
    let levels = |Texts([host]): Texts<1>| {
        let levels = name::dns_domain_levels(&host);
        u32::try_from(levels).unwrap_or(u32::MAX)
    };
    globals.set("dnsDomainLevels", Func::from(levels))?;
    let matches = |Texts([text, pattern]): Texts<2>| name::sh_exp_match(&text, &pattern);
    globals.set("shExpMatch", Func::from(matches))?;
    let number = |Texts([address]): Texts<1>| address::convert_addr(&address);
    globals.set("convert_addr", Func::from(number))?;
    let in_net = |Texts([address, net]): Texts<2>| address::is_in_net_ex(&address, &net);
    globals.set("isInNetEx", Func::from(in_net))?;
    let sort = |Texts([list]): Texts<1>| address::sort_ip_address_list(&list);
    globals.set("sortIpAddressList", Func::from(sort))?;
    globals.set("getClientVersion", Func::from(|| VERSION))?;
    globals.set("alert", Func::from(|| ()))
}

fn define_times(ctx: &Ctx<'_>) -> Result<()> {
    type Range = fn(&Moment, &[Argument]) -> bool;
    let ranges: [(&str, Range); 3] = [
        ("weekdayRange", time::weekday_range),
        ("dateRange", time::date_range),
        ("timeRange", time::time_range),
    ];
    for (name, range) in ranges {
        let clock: Function<'_> = ctx.eval(CLOCK)?;
        let bound = move |clock: Function<'_>, Words(words): Words| -> Result<bool> {
            let (arguments, gmt) = time::split_zone(&words);
            Ok(range(&moment(&clock, gmt)?, arguments))
        };
        let bind: Function<'_> = ctx.eval("((f, clock) => (...rest) => f(clock, ...rest))")?;
        let function: Function<'_> = bind.call((Function::new(ctx.clone(), bound)?, clock))?;
        ctx.globals().set(name, function)?;
    }
    Ok(())
}

fn define_names(ctx: &Ctx<'_>, names: Rc<Names>) -> Result<()> {
    let globals = ctx.globals();
    let of = |names: &Rc<Names>| Rc::clone(names);
    let n = of(&names);
    let resolve = move |ctx: Ctx<'_>, name: Name| -> Result<String> {
        let found = n.first_v4(&ctx, &name)?;
        Ok(found.map_or_else(String::new, |found| found.to_string()))
    };
    let or_null: Function<'_> = ctx.eval("(f => (...rest) => f(...rest) || null)")?;
    let resolve: Function<'_> = or_null.call((Function::new(ctx.clone(), resolve)?,))?;
    globals.set("dnsResolve", resolve)?;
    let n = of(&names);
    let resolvable =
        move |ctx: Ctx<'_>, name: Name| -> Result<bool> { Ok(n.first_v4(&ctx, &name)?.is_some()) };
    globals.set("isResolvable", Func::from(resolvable))?;
    let n = of(&names);
    let in_net = move |ctx: Ctx<'_>, name: Name, texts: Texts<2>| -> Result<bool> {
        let Texts([pattern, mask]) = texts;
        let found = n.first_v4(&ctx, &name)?;
        Ok(found.is_some_and(|found| address::is_in_net(found, &pattern, &mask)))
    };
    globals.set("isInNet", Func::from(in_net))?;
    let n = of(&names);
    let resolve_ex = move |ctx: Ctx<'_>, name: Name| -> Result<String> {
        Ok(address::joined(&n.addresses(&ctx, &name)?))
    };
    globals.set("dnsResolveEx", Func::from(resolve_ex))?;
    let n = of(&names);
    let resolvable_ex = move |ctx: Ctx<'_>, name: Name| -> Result<bool> {
        Ok(!n.addresses(&ctx, &name)?.is_empty())
    };
    globals.set("isResolvableEx", Func::from(resolvable_ex))?;
    let n = of(&names);
    let own = move |ctx: Ctx<'_>| -> Result<String> {
        let own = first_v4(&n.own(&ctx)?);
        Ok(own.map_or_else(|| LOOPBACK.to_owned(), |own| own.to_string()))
    };
    globals.set("myIpAddress", Func::from(own))?;
    let own_ex = move |ctx: Ctx<'_>| -> Result<String> { Ok(address::joined(&names.own(&ctx)?)) };
    globals.set("myIpAddressEx", Func::from(own_ex))
}

fn moment(clock: &Function<'_>, gmt: bool) -> Result<Moment> {
    let parts: Vec<i64> = clock.call((gmt,))?;
    let part = |place: usize| parts.get(place).copied().unwrap_or_default();
    Ok(Moment {
        year: part(0),
        month: part(1),
        day: part(2),
        weekday: part(3),
        hour: part(4),
        minute: part(5),
        second: part(6),
    })
}

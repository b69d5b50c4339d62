//! How a driver comes to its connection, a new one or one of the pool's, and what becomes of it
//! afterwards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::exchange::{Flow, Release, Rest};
use winhttp_proto::failure::Result;
use winhttp_proto::notify::Notification;
use winhttp_proto::option::Timeouts;

use super::{Connection, Driver};
use crate::engine::buffers::Inbox;
use crate::engine::clock;
use crate::engine::connect::dial::Attach;
use crate::engine::connect::way::{Told, Way, WayStep};
use crate::engine::pool::drain::drain;
use crate::engine::pool::opening::Opening;
use crate::engine::pool::shelf::Demand;
use crate::engine::pool::{Aside, Ends, Idle, Lease, Returning, Seat};
use crate::engine::reactor::Place;
use crate::engine::transport::{Stack, socket_failure};

impl Driver {
    /// Takes what the pool gives, or waits for it.
    pub(super) fn acquire(&mut self) -> Result<Flow> {
        let seat = match self.seat.take() {
            Some(Seat::Wait(ticket)) => Some(ticket.collect()),
            seat => seat,
        };
        match seat {
            Some(Seat::Use(lease, idle)) => self.use_again(lease, idle)?,
            Some(Seat::Open(lease)) => {
                let stands_by = self.route.stands_by.as_deref();
                let wait = |demand: &Demand| lease.stand_by(*demand, Arc::clone(&self.wake));
                self.stand_by = stands_by.and_then(wait).map(Box::new);
                self.hold(lease);
                self.exchange.must_connect();
            }
            Some(wait @ Seat::Wait(_)) => {
                self.seat = Some(wait);
                return Ok(Flow::Wait(None));
            }
            None => self.exchange.must_connect(),
        }
        Ok(Flow::On)
    }

    pub(super) fn connect(
        &mut self,
        now: Instant,
        limit: Option<Duration>,
        timeouts: &Timeouts,
    ) -> Result<Flow> {
        if let Connection::None = self.connection {
            self.connection = Connection::Begun(Box::default());
        }
        if let Some((lease, idle)) = self.first_available() {
            self.leave_behind(*timeouts);
            self.use_again(lease, idle)?;
            return Ok(Flow::On);
        }
        let Connection::Begun(way) = &mut self.connection else {
            return Ok(Flow::On);
        };
        let place = self.place.as_mut().map(Place::registration);
        let told = Told {
            wake: &self.wake,
            attach: place.map(|place| &**place as &dyn Attach),
        };
        let mut arrived = None;
        let leads_to_proxy = self.route.to.beyond.is_some() && !way.is_behind_tunnel();
        match way.step(&self.route.to, told, now, limit) {
            Ok(WayStep::Resolved(first)) => self.exchange.resolved(first),
            Ok(WayStep::Dialing(address)) => self.exchange.dialing(address),
            Ok(WayStep::Reached(address)) => {
                self.ends = way.ends();
                self.is_new = true;
                self.exchange.dialed(address);
                if self.route.to.tls.is_none() {
                    arrived = way.arrive();
                }
            }
            Ok(WayStep::Secured(stack)) => {
                self.is_new = true;
                self.exchange.secured();
                arrived = Some(stack);
            }
            Ok(WayStep::Wait(until)) => return Ok(Flow::Wait(until)),
            Err((failure, problems)) => {
                self.exchange.refused(problems, failure);
                self.stop_standing_by();
            }
        }
        if let Some(stack) = arrived {
            self.connection = match leads_to_proxy {
                true => Connection::ToProxy(stack),
                false => Connection::Ready(stack),
            };
            self.stop_standing_by();
        }
        Ok(Flow::On)
    }

    /// The proxy has opened the tunnel: what is behind it is the server.
    pub(super) fn pass_through(&mut self, now: Instant) -> Result<()> {
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let (Connection::ToProxy(stack), Some(beyond)) = (connection, &self.route.to.beyond) else {
            return self.exchange.failed(Error::Internal);
        };
        self.connection = if beyond.tls.is_some() {
            match Way::through(stack, beyond, now) {
                Ok(way) => Connection::Begun(Box::new(way)),
                Err(failure) => return self.exchange.failed(failure),
            }
        } else {
            self.is_new = true;
            Connection::Ready(stack)
        };
        Ok(())
    }

    fn stop_standing_by(&mut self) {
        let ticket = self.stand_by.take();
        self.aside
            .extend(ticket.map(|ticket| Aside::StandBy(*ticket)));
    }

    /// What others have let go meanwhile.
    fn first_available(&mut self) -> Option<(Lease, Idle)> {
        match self.stand_by.take()?.collect() {
            Seat::Use(lease, idle) => return Some((lease, idle)),
            Seat::Wait(ticket) => self.stand_by = Some(Box::new(ticket)),
            Seat::Open(lease) => self.aside.push(Aside::Right(lease)),
        }
        None
    }

    /// The connection that is being opened serves others.
    fn leave_behind(&mut self, timeouts: Timeouts) {
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let (Connection::Begun(way), Some(lease)) = (connection, self.lease.take()) else {
            return;
        };
        if let Some(place) = self.place.as_mut().and_then(Place::give) {
            for socket in way.sockets() {
                place.detach(&socket);
            }
        }
        let opening = self.opening(lease, *way, timeouts);
        self.aside.push(Aside::Openings(vec![opening]));
    }

    pub(super) fn open_ahead(&mut self, timeouts: Timeouts) {
        let leases = std::mem::take(&mut self.ahead);
        let openings = leases.into_iter();
        let openings = openings.map(|lease| self.opening(lease, Way::default(), timeouts));
        let openings = Aside::Openings(openings.collect());
        self.aside.push(openings);
    }

    fn opening(&self, lease: Lease, way: Way, timeouts: Timeouts) -> Opening {
        Opening {
            lease,
            to: self.route.to.clone(),
            way,
            timeouts,
            life: self.route.idle_life,
        }
    }

    fn hold(&mut self, mut lease: Lease) {
        if let Some(mark) = self.route.mark {
            lease.mark(mark);
        }
        self.lease = Some(lease);
    }

    fn use_again(&mut self, lease: Lease, mut idle: Idle) -> Result<()> {
        self.hold(lease);
        idle.leave_home(self.place.as_ref().map(Place::reactor));
        if let (Some(place), Some(socket)) = (&mut self.place, idle.stack.socket())
            && let Err(error) = place.take_in(socket, idle.home.take())
        {
            return self.exchange.failed(socket_failure(&error));
        }
        self.ends = Some(idle.ends);
        self.looked_at = idle.looked_at;
        self.spin = idle.spin;
        self.preceding = idle.served;
        self.connection = Connection::Ready(idle.stack);
        self.is_new = true;
        self.exchange.acquired(idle.served);
        Ok(())
    }

    /// How many connections its server may have depends on the version that it answers with.
    pub(super) fn note_version(&self, told: &Notification, now: Instant) {
        if matches!(told, Notification::ResponseReceived(_))
            && let (Some(lease), Some(head)) = (&self.lease, self.exchange.response())
            && head.version_minor == 0
        {
            lease.answers_1_0(now);
        }
    }

    /// The connection serves this request no more.
    pub(super) fn release(&mut self, release: Release) {
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let idle = match (release, connection, self.ends) {
            (Release::Keep, Connection::Ready(stack), Some(ends)) => {
                // What a layer holds already, an end say, no poll would ever report.
                let has_news = stack.interest().has_input;
                let mut idle = self.idle(stack, ends);
                (!has_news || idle.is_alive()).then_some(idle)
            }
            (Release::Keep | Release::Close, _, _) => None,
            (Release::Replace, _, _) => {
                // What was told of this connection says nothing of the next.
                drop(self.take_place());
                self.preceding = 0;
                self.ends = None;
                if let Some(mut lease) = self.lease.take() {
                    lease.replace();
                    self.hold(lease);
                }
                return;
            }
        };
        self.returning = self.lease.take().map(|lease| self.returning(lease, idle));
    }

    fn idle(&mut self, stack: Stack, ends: Ends) -> Idle {
        let home = self.place.as_mut().and_then(Place::give);
        let mut idle = Idle::new(stack, ends, self.spin, home);
        idle.served = self.preceding.saturating_add(1);
        idle
    }

    fn returning(&self, lease: Lease, idle: Option<Idle>) -> Returning {
        let tls = idle.as_ref().and_then(|idle| idle.stack.tls());
        Returning {
            lease,
            tolerated: tls.map(|tls| tls.tolerated).unwrap_or_default(),
            idle,
            life: self.route.idle_life,
        }
    }

    /// The connection that is not needed any more; to be settled without a lock.
    pub fn take_returning(&mut self) -> Option<Returning> {
        self.returning.take()
    }

    /// What was not used in the end; to be settled without a lock, too.
    pub fn take_aside(&mut self) -> Vec<Aside> {
        std::mem::take(&mut self.aside)
    }
}

/// A connection that its request has left in whatever state.
#[derive(Debug)]
pub struct Left {
    connection: Returning,
    inbox: Inbox,
    rest: Rest,
}

impl Left {
    /// Others use it, if it was left in order; called without a lock, as whoever waits for it is
    /// woken.
    pub fn settle(self) {
        drain(self.connection, self.inbox, self.rest, clock::now());
    }
}

impl Driver {
    /// The request is over: gives the connection, unless it is not to be used again or belongs to a
    /// parent process.
    pub fn leave(&mut self) -> Option<Left> {
        if !self.lease.as_ref().is_some_and(Lease::is_own) {
            return None;
        }
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let (Connection::Ready(stack), Some(ends)) = (connection, self.ends) else {
            return None;
        };
        let rest = self.exchange.take_rest()?;
        let lease = self.lease.take()?;
        let idle = self.idle(stack, ends);
        Some(Left {
            connection: self.returning(lease, Some(idle)),
            inbox: std::mem::take(&mut self.inbox),
            rest,
        })
    }
}

impl Drop for Driver {
    /// Called without a lock, as whoever waits for the connection is woken.
    fn drop(&mut self) {
        if let Some(returning) = self.returning.take() {
            returning.settle();
        }
        self.take_aside().into_iter().for_each(Aside::settle);
        if let Some(left) = self.leave() {
            left.settle();
        }
    }
}

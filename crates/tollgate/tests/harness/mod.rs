//! What every test needs: a home with a configuration, the real binary on it, clients, one or many at once.

mod client;
mod cluster;
mod parallel;
mod database;
mod door;
mod home;
mod listener;
mod process;
mod signing;
mod sink;
mod snapshot;
mod starting;
mod worker;
mod workshop;

pub(crate) use client::{Client, Request, Response, fresh_key};
pub(crate) use cluster::Cluster;
pub(crate) use database::{Database, Session, server_needed, sqlite3, try_to_ask};
pub(crate) use door::Door;
pub(crate) use home::{ADMIN_KEY, Home, Said, now_ms};
pub(crate) use listener::Listener;
pub(crate) use parallel::{at_once, in_parallel};
pub(crate) use process::{Ended, Tollgate, command, finish, finish_within, pause, until};
pub(crate) use signing::{hmac_sha256, sign_bank, sign_standard};
pub(crate) use sink::Sink;
pub(crate) use snapshot::{assert_snapshot, made_plain};
pub(crate) use starting::{assert_names, one_line, serve, serving};
pub(crate) use worker::Worker;
pub(crate) use workshop::Workshop;

//! Sessions over the simulated network: properties on random plays, scenarios by name, and floods.

mod bounds;
mod ledger;
mod packet;
mod plan;
mod properties;
mod scenarios;
mod seeds;
mod wire;
mod world;

//! Pages over real rows: what is found, in which order, and that nothing is found twice or lost.

mod bounds;
mod events;
mod feed;
mod operating;
mod orders;
mod payments;

use tollgate_core::command::CreateOrder;
use tollgate_core::order::Customer;
use tollgate_core::time::Span;
use tollgate_store::{Order, OrderFilter, Seek};

use crate::words::{create, hold, order_of, paid_by, register_alone, root_id_at, stock};
use crate::world::{Rows, SHOP, World};

fn customer(name: &str, email: &str, phone: &str) -> Customer {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Customer {
        name: some(name),
        email: some(email),
        phone: some(phone),
        locale: Some("ru".to_owned()),
        ..Customer::default()
    }
}

/// What a list has, which from its other end on has the same.
fn same_from_the_end<T: PartialEq + std::fmt::Debug>(newest: Vec<T>, mut oldest: Vec<T>) -> Vec<T> {
    oldest.reverse();
    assert_eq!(newest, oldest);
    newest
}

/// A list from one end or the other, over pages of this length.
fn beginning<K>(limit: u32, order: Order) -> Seek<K> {
    Seek {
        order,
        ..Seek::first(limit)
    }
}

/// Rows from nowhere, as many as a busy year leaves: made by SQL, because only their number counts.
fn many_orders(world: &World, count: usize) {
    let rows = world.rows();
    let numbers = match rows {
        Rows::File(_) => format!(
            "with recursive numbers(n) as (
                 select 1 union all select n + 1 from numbers where n < {count}
             ),
             made(n, rest) as (
                 select n, unhex(printf('%020x', n * 65536)) from numbers
             )"
        ),
        Rows::Server(_) => format!(
            "with made(n, rest) as (
                 select n, decode(lpad(to_hex(n * cast(65536 as bigint)), 20, '0'), 'hex')
                   from generate_series(1, {count}) as n
             )"
        ),
    };
    let id = rows.either(
        "cast(substr(id, 1, 6) || rest as blob)",
        "substr(id, 1, 6) || rest",
    );
    rows.run(&format!(
        "{numbers}
         insert into roots (shop_id, id, kind, code, status, attention, version, created_at,
                            updated_at, doc)
         select shop_id, {id}, kind, 'N' || n, status, attention, version, created_at, updated_at, doc
           from made, roots
          where code = 'C1'"
    ));
}

/// The codes of all orders that a filter finds, over pages of this length.
async fn codes(world: &World, filter: &OrderFilter, limit: u32) -> Vec<String> {
    let newest = codes_from(Order::NewestFirst, world, filter, limit).await;
    let oldest = codes_from(Order::OldestFirst, world, filter, limit).await;
    same_from_the_end(newest, oldest)
}

async fn codes_from(order: Order, world: &World, filter: &OrderFilter, limit: u32) -> Vec<String> {
    let mut codes = Vec::new();
    let mut seek = beginning(limit, order);
    loop {
        let page = world
            .store
            .orders(SHOP, filter.clone(), seek)
            .await
            .expect("it reads");
        assert!(page.items.len() <= limit as usize);
        codes.extend(
            page.items
                .into_iter()
                .map(|root| root.order.expect("an order").code),
        );
        match page.next {
            Some(next) => seek.past = Some(next),
            None => return codes,
        }
    }
}

/// A shop with seven orders, one an hour, and a cart's hold and a lone payment among them.
async fn seven_orders() -> World {
    let world = World::new();
    world.act(stock("A", 100)).await;
    let people = [
        customer("Ёжик Туманный", "hedgehog@example.com", "+7 000"),
        customer("", "HEDGEHOG@Example.com", ""),
        customer("Somebody", "somebody@example.com", "+7 000"),
        customer("ёжик туманный", "", ""),
        Customer::default(),
        customer("'; drop table roots; --", "", ""),
        customer("", "", "hedgehog@example.com"),
    ];
    for (number, customer) in (1..).zip(people) {
        let now = world.clock.now();
        world
            .act(create(CreateOrder {
                fresh: root_id_at(now, number),
                customer,
                ..paid_by(
                    order_of(number, &format!("C{number}"), "A", 1),
                    &format!("R{number}"),
                )
            }))
            .await;
        if number == 3 {
            world.act(hold(500, "A", 1)).await;
            world.act(register_alone(501, "R501", 100)).await;
        }
        world.clock.advance(Span::hours(1));
    }
    world
}

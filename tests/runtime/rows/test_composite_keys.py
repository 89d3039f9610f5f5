"""Primary keys of several columns."""

from __future__ import annotations

from decimal import Decimal

import bookstore
from bookstore.tables.order_line import OrderLineKey
from tests.runtime.books import author_id, book


def test_composite_keys(shop: bookstore.Database) -> None:
    """Rows by a key of two columns, one by one and many at once, in the order of the keys."""
    with shop.session() as session:
        title = session.book.insert(**book(author_id(session), 1)).id
        customer = session.customer.insert(email="a@b.c", name="A").id
        order = session.order.insert(customer_id=customer).id
        lines = [
            session.order_line.insert(order_id=order, number=n, book_id=title, price=Decimal(n)) for n in range(1, 61)
        ]
        assert session.order_line.get(order, 2) == lines[1]
        keys = [lines[59].key, OrderLineKey(order, 1), OrderLineKey(order, 99), lines[59].key]
        assert session.order_line.get_many(keys) == [lines[59], lines[0], lines[59]]
        assert len(session.order_line.get_many(line.key for line in lines)) == 60
        changed = session.order_line.update(order, 2, quantity=5)
        assert changed is not None
        assert changed.quantity == 5
        assert session.order_line.delete(order, 2)
        assert session.order_line.get(order, 2) is None

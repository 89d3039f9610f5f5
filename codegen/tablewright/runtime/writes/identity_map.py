"""The identity map: refreshing and expiring loaded entities after rows were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.orm.attributes import set_committed_value

from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.transaction.gate import GatedSession

Action: TypeAlias = Literal["insert", "update", "delete"]

_cascades: WeakKeyDictionary[MetaData, tuple[int, dict[tuple[Table, Action], frozenset[Table]]]] = WeakKeyDictionary()


def refresh_entities(session: GatedSession, mapper: RowMapper[Any], action: Action, row: Any = None) -> None:
    """Refresh or expire loaded entities after a write to the table.

    If *row* is the only row written, its entity gets the new values, or is expired if the row was deleted. Without
    *row*, all entities of the table are expired. Entities of tables that the write reaches by foreign keys are expired
    as well, and relationships to any of these.
    """
    if not session.gate.record_write():
        return
    reached = cascaded_tables(mapper.table, action)
    key = None if row is None else mapper.key_of(row)
    plans: dict[object, _Plan] = {}
    for state in session.identity_map.all_states():
        # A session may have many entities that the write does not affect: they cost one look-up of their class.
        plan = plans.get(state.manager)
        if plan is None:
            plan = plans[state.manager] = _Plan(state.mapper, mapper.table, reached)
        if not plan.affected:
            continue
        if plan.is_written and key is not None:
            if state.key is not None and state.key[1] == key:
                _refresh(session, state, {} if action == "delete" else _values(state.mapper, mapper, row))
            elif plan.reached:
                _expire(session, state)
            else:
                _expire_attributes(session, state, plan.relationships)
        elif plan.is_written or plan.reached:
            _expire(session, state)
        else:
            _expire_attributes(session, state, plan.relationships)


def expire_all(session: GatedSession) -> None:
    """Expire all loaded entities, after a write with unknown effects on other tables."""
    session.gate.record_write()
    for state in session.identity_map.all_states():
        _expire(session, state)


class _Plan:
    """The effects of a write on the entities of one mapper of the ORM."""

    __slots__ = ("affected", "is_written", "reached", "relationships")

    def __init__(self, orm_mapper: Mapper[Any], table: Table, reached: frozenset[Table]) -> None:
        self.is_written = table in orm_mapper.tables
        self.reached = not reached.isdisjoint(orm_mapper.tables)
        written = reached | {table}
        self.relationships = {
            relationship.key
            for relationship in orm_mapper.relationships
            if not written.isdisjoint(relationship.mapper.tables) or relationship.secondary in written
        }
        self.affected = self.is_written or self.reached or bool(self.relationships)


def cascaded_tables(table: Table, action: Action) -> frozenset[Table]:
    """Return the tables whose rows a write to *table* may change through foreign keys."""
    if action == "insert":
        return frozenset()
    metadata = table.metadata
    if len(metadata.tables) == 1 and not table.foreign_key_constraints:
        # A temporary table, which the cache below would keep alive.
        return frozenset()
    size, cached = _cascades.get(metadata, (0, {}))
    if size != len(metadata.tables):
        # Tables are imported on first use, and new ones may extend cascades.
        cached = {}
        _cascades[metadata] = (len(metadata.tables), cached)
    tables = cached.get((table, action))
    if tables is None:
        tables = cached[table, action] = frozenset(_follow(table, action))
    return tables


def _follow(table: Table, action: Action) -> set[Table]:
    tables: set[Table] = set()
    waiting: list[tuple[Table, bool]] = [(table, action == "delete")]
    seen: set[tuple[Table, bool]] = set()
    while waiting:
        parent, deleted = step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        for child in table.metadata.tables.values():
            for constraint in child.foreign_key_constraints:
                if not constraint.elements or _target(constraint.elements[0].target_fullname) != parent.key:
                    continue
                rule = ((constraint.ondelete if deleted else constraint.onupdate) or "").upper()
                if rule in ("CASCADE", "SET NULL", "SET DEFAULT"):
                    tables.add(child)
                    waiting.append((child, deleted and rule == "CASCADE"))
    return tables


def _target(fullname: str) -> str:
    # Text, not `referred_table`: the target's module may not be loaded.
    return fullname.rpartition(".")[0]


def _values(orm_mapper: Mapper[Any], mapper: RowMapper[Any], row: Any) -> Mapping[str, Any]:
    return {
        orm_mapper.get_property_by_column(column).key: getattr(row, column.key)
        for column in mapper.columns
        if column in orm_mapper.columns.values()
    }


def _refresh(session: GatedSession, state: InstanceState[Any], values: Mapping[str, Any]) -> None:
    entity = state.obj()
    if entity is None:
        return
    unmodified = state.unmodified
    # A list or dict would be shared with the row, and entities may change theirs in place.
    taken = {name for name, value in values.items() if name in unmodified and not isinstance(value, list | dict | set)}
    others = [name for name in unmodified if name not in taken and (name in state.dict or name in values)]
    if not values:
        _expire(session, state)
        return
    if others:
        session.expire(entity, others)
    for name in taken:
        set_committed_value(entity, name, values[name])


def _expire(session: GatedSession, state: InstanceState[Any]) -> None:
    entity = state.obj()
    if entity is None:
        return
    if state.modified:
        # Changes that are not flushed yet (`no_autoflush`) are kept.
        session.expire(entity, state.unmodified)
    else:
        session.expire(entity)


def _expire_attributes(session: GatedSession, state: InstanceState[Any], names: set[str]) -> None:
    loaded = names.intersection(state.dict)
    if not loaded:
        return
    loaded = state.unmodified_intersection(loaded)
    entity = state.obj()
    if loaded and entity is not None:
        session.expire(entity, loaded)

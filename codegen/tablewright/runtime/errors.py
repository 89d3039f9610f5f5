"""The exceptions of the run time. Those of the database itself are SQLAlchemy's own."""

from __future__ import annotations

from sqlalchemy.exc import InvalidRequestError, NoResultFound, PendingRollbackError


class NotFoundError(NoResultFound):
    """No row has this key."""


class SessionBusyError(InvalidRequestError):
    """The session was used while another call of it was still running."""


class TransactionLostError(PendingRollbackError):
    """A statement failed and its error was caught: the transaction cannot be committed any more.

    Chained to the first error. Wrap what may fail in `session.nested()`.
    """


class SavepointError(InvalidRequestError):
    """No savepoint of this name is open in the session's transaction."""


class SchemaAlreadyExistsError(InvalidRequestError):
    """`Database.create` found tables of the schema that are there already."""


class TemporaryTablesDisabledError(InvalidRequestError):
    """The database was opened with `allow_temporary_tables=False`."""


class ReadOnlyDatabaseError(InvalidRequestError):
    """A table or row that is not there would have to be made in a database that is open for reading only."""


class TableConflictError(InvalidRequestError):
    """The database has a table of this name that is not the one that was declared; says what differs."""


class MissingTablesError(InvalidRequestError):
    """The database lacks tables that it should have; names them."""


class RowTierFilteredError(InvalidRequestError):
    """The session filters entities (`do_orm_execute`), which rows would bypass."""


class UnknownColumnError(InvalidRequestError, TypeError):
    """A name that is not a column of the table."""


class CursorError(ValueError):
    """A page cursor that this query did not give."""


class InterfaceMismatchError(ImportError):
    """A generated package and the installed tablewright do not fit; says how to mend it."""


class SyncConflictError(InvalidRequestError):
    """`sync` found a row with these keys but other values, and was not to update it."""


class IncompatibleVersionError(InvalidRequestError):
    """The database holds another version than the program needs; says what is there and how to mend it."""


class VersionsMissingError(IncompatibleVersionError, LookupError):
    """The database does not say which versions it holds: `Database.create` or `Database.stamp` write them."""


class AttributeExistsError(InvalidRequestError):
    """The attribute has a value already, which was not to be overwritten."""


class UnknownOpaqueTableError(InvalidRequestError, KeyError):
    """No opaque table is registered under this name."""


class OpaqueTableConflictError(InvalidRequestError):
    """An opaque table's name is taken: by another definition, or by a table that is not opaque."""

"""The exceptions of the runtime. Errors of the database itself are SQLAlchemy's own."""

from __future__ import annotations

from sqlalchemy.exc import InvalidRequestError, NoResultFound, PendingRollbackError


class NotFoundError(NoResultFound):
    """No row has this key."""


class SessionBusyError(InvalidRequestError):
    """The session was used while another call of it was still running."""


class TransactionLostError(PendingRollbackError):
    """A statement failed and its error was caught, so that the transaction cannot be committed.

    Chained to the first error. Run statements that may fail in `session.nested()`.
    """


class SavepointError(InvalidRequestError):
    """No savepoint of this name is open in the session's transaction."""


class SchemaAlreadyExistsError(InvalidRequestError):
    """`Database.create` found existing tables of the schema."""


class TemporaryTablesDisabledError(InvalidRequestError):
    """The database was opened with `allow_temporary_tables=False`."""


class ReadOnlyDatabaseError(InvalidRequestError):
    """A missing table or row would have to be created in a database that is open for reading only."""


class TableConflictError(InvalidRequestError):
    """The database has a table of this name with another definition. The message lists the differences."""


class MissingTablesError(InvalidRequestError):
    """Tables are missing in the database. The message lists them."""


class RowTierFilteredError(InvalidRequestError):
    """The session filters entities (`do_orm_execute`); rows would bypass the filter."""


class UnknownColumnError(InvalidRequestError, TypeError):
    """A name that is not a column of the table."""


class CursorError(ValueError):
    """A page cursor of another query, or no cursor at all."""


class InterfaceMismatchError(ImportError):
    """A generated package does not fit the installed tablewright. The message names the command that fixes it."""


class SyncConflictError(InvalidRequestError):
    """`sync` found a row with these keys but other values, and was not allowed to update it."""


class IncompatibleVersionError(InvalidRequestError):
    """The database stores other versions than the program requires. The message names both and the fix."""


class VersionsMissingError(IncompatibleVersionError, LookupError):
    """The database stores no versions: `Database.create` or `Database.stamp` write them."""


class AttributeExistsError(InvalidRequestError):
    """The attribute already has a value, and *force* was not set."""


class UnknownOpaqueTableError(InvalidRequestError, KeyError):
    """No opaque table is registered under this name."""


class OpaqueTableConflictError(InvalidRequestError):
    """The name of an opaque table is taken: by another definition, or by a table that is not opaque."""

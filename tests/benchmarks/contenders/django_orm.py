"""Django's ORM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import django
from django.conf import settings
from django.db import connections, models, transaction

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.targets import Target

if not settings.configured:
    settings.configure(DATABASES={}, INSTALLED_APPS=[], USE_TZ=False, TIME_ZONE="UTC")
    django.setup()


class Plain(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    rank = models.IntegerField()
    score = models.FloatField()
    active = models.BooleanField()
    seen = models.DateTimeField()

    class Meta:
        app_label = "benchmarks"
        db_table = "plain"


class Author(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)

    class Meta:
        app_label = "benchmarks"
        db_table = "author"


class Book(models.Model):
    id = models.BigAutoField(primary_key=True)
    author = models.ForeignKey(Author, models.CASCADE)
    title = models.CharField(max_length=300)
    pages = models.IntegerField()

    class Meta:
        app_label = "benchmarks"
        db_table = "book"


class DjangoOrm(Contender):
    """`django.db.models`."""

    unsupported = {"bulk_read_rich": "no arrays on SQLite, and zones are a setting of the process"}

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.alias = f"target{len(connections.databases)}"
        options: dict[str, Any] = {"NAME": target.url.database}
        if target.engine == "sqlite":
            options |= {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
        else:
            options |= {
                "ENGINE": "django.db.backends.postgresql",
                "USER": target.url.username,
                "PASSWORD": target.url.password or "",
                "HOST": target.url.query.get("host") or target.url.host or "",
                "PORT": str(target.url.port or ""),
            }
        connections.databases[self.alias] = connections.configure_settings({"default": {}, self.alias: options})[
            self.alias
        ]
        self.plain = Plain.objects.using(self.alias)
        self.books = Book.objects.using(self.alias)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with transaction.atomic(using=self.alias):
            try:
                yield
            finally:
                transaction.set_rollback(True, using=self.alias)

    def scalar(self, sql: str) -> object:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def close(self) -> None:
        connections[self.alias].close()

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        return list(self.plain.all())

    def point_read(self, workload: Workload) -> Sequence[Any]:
        plain = self.plain
        return [plain.get(pk=key) for key in workload.keys]

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        rows: list[Any] = []
        for key in workload.keys:
            rows += self.plain.filter(pk__gte=key, pk__lt=key + SPAN)
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        return [self.plain.create(**values) for values in workload.rows]

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        # It has no UPDATE … RETURNING, only the number of rows.
        return [self.plain.filter(pk=key).update(**changes) for key, changes in workload.changes]

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        return [bool(self.plain.filter(pk=key).delete()[0]) for key in workload.keys]

    def insert_many(self, workload: Workload) -> object:
        self.plain.bulk_create([Plain(**row) for row in workload.rows])
        return len(workload.rows)

    def upsert_many(self, workload: Workload) -> object:
        self.plain.bulk_create(
            [Plain(**row) for row in workload.rows],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name", "title", "rank", "score", "active", "seen"],
        )
        return len(workload.rows)

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        return [(book.id, book.title, book.author.name) for book in self.books.prefetch_related("author")]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with transaction.atomic(using=self.alias):
                pass
        return ()

"""All rules, in the order in which they run."""

from __future__ import annotations

from tablewright.rules import (
    defaults,
    enums,
    indexes,
    keys,
    mixins,
    name_clashes,
    names,
    references,
    relationships,
    sql_sqlite,
    sql_text,
    types,
)
from tablewright.rules.reader_problems import READER_PROBLEMS
from tablewright.rules.rule import Rule, error, warning
from tablewright.spec.diagnostic import did_you_mean

RULES: tuple[Rule, ...] = (
    error(names.schema_name),
    error(names.version_format),
    error(names.bad_name),
    error(names.bad_class_name),
    error(names.bad_accessor),
    error(names.bad_stored_name),
    error(names.bad_constraint_name),
    error(name_clashes.name_clash),
    error(name_clashes.opaque_argument),
    error(name_clashes.opaque_stored_name),
    error(types.unknown_type),
    error(types.type_cycle),
    error(types.type_parameter),
    error(types.element_type),
    error(types.bad_python_type),
    error(types.bad_codec),
    error(types.codec_without_python),
    error(types.decimal_sqlite_precision, dialect="sqlite"),
    error(enums.enum_duplicate_value),
    error(enums.enum_member_clash),
    error(enums.enum_value),
    error(defaults.default_and_default_sql),
    error(defaults.bad_default),
    error(defaults.default_sql_type),
    error(defaults.touch_type),
    error(defaults.touch_primary_key),
    error(defaults.computed_with_default),
    error(defaults.autoincrement_with_default),
    error(keys.no_columns),
    error(keys.too_many_columns),
    warning(keys.no_primary_key, about="table"),
    error(keys.primary_key_twice),
    error(keys.primary_key_nullable),
    error(keys.key_type),
    error(keys.computed_primary_key),
    error(keys.autoincrement_not_integer),
    error(keys.autoincrement_not_key),
    error(keys.autoincrement_composite),
    error(references.bad_reference),
    error(references.reference_alone),
    error(references.unknown_table),
    error(references.unknown_column),
    error(references.reference_to_opaque),
    error(references.opaque_circle),
    error(references.reference_arity),
    error(references.reference_not_unique),
    error(references.reference_type),
    error(references.set_null_not_nullable),
    error(references.set_default_without_default),
    error(references.set_computed),
    error(references.duplicate_foreign_key),
    warning(references.foreign_key_cycle, about="schema"),
    error(indexes.empty_key),
    error(indexes.repeated_column),
    error(indexes.duplicate_unique),
    error(indexes.duplicate_index),
    warning(indexes.redundant_index, about="table"),
    error(indexes.index_method),
    error(indexes.exclusion_operator),
    error(indexes.exclusion_sqlite, dialect="sqlite"),
    warning(indexes.nulls_not_distinct_sqlite, about="table", dialect="sqlite"),
    error(indexes.nulls_not_distinct_where),
    error(relationships.inverse_clash),
    error(relationships.inverse_alone),
    error(relationships.relationship_without_entity),
    error(relationships.unknown_relationship),
    error(relationships.relationship_option),
    error(relationships.one_not_unique),
    error(relationships.through_not_link),
    error(relationships.relationship_order),
    error(relationships.relationship_ambiguous),
    error(sql_text.bad_sql_text),
    error(sql_sqlite.sql_sqlite, dialect="sqlite"),
    error(mixins.unknown_mixin),
    error(mixins.mixin_column_clash),
    warning(mixins.unused_definition, about="schema"),
    error(mixins.renamed_from_itself),
    error(mixins.renamed_from_present),
)

PURPOSES: dict[str, str] = READER_PROBLEMS | {item.id: item.purpose for item in RULES}
"""The purpose of each rule by id; those of the reader come first."""


def explain(rule_id: str) -> str:
    """Return the purpose of a rule. Raise `KeyError`, with the nearest id, if the rule does not exist."""
    if rule_id not in PURPOSES:
        raise KeyError(f"There is no rule `{rule_id}`. {did_you_mean(rule_id, PURPOSES) or ''}".rstrip())
    return PURPOSES[rule_id]

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
from tablewright.rules.rule import Rule, rule
from tablewright.spec.diagnostic import did_you_mean

RULES: tuple[Rule, ...] = (
    rule(names.schema_name),
    rule(names.version_format),
    rule(names.bad_name),
    rule(names.bad_class_name),
    rule(names.bad_accessor),
    rule(names.bad_stored_name),
    rule(names.bad_constraint_name),
    rule(name_clashes.name_clash),
    rule(name_clashes.opaque_argument),
    rule(name_clashes.opaque_stored_name),
    rule(types.unknown_type),
    rule(types.type_cycle),
    rule(types.type_parameter),
    rule(types.element_type),
    rule(types.bad_python_type),
    rule(types.bad_codec),
    rule(types.codec_without_python),
    rule(types.decimal_sqlite_precision, dialect="sqlite"),
    rule(enums.enum_duplicate_value),
    rule(enums.enum_member_clash),
    rule(enums.enum_value),
    rule(defaults.default_and_default_sql),
    rule(defaults.bad_default),
    rule(defaults.default_sql_type),
    rule(defaults.touch_type),
    rule(defaults.touch_primary_key),
    rule(defaults.computed_with_default),
    rule(defaults.autoincrement_with_default),
    rule(keys.no_columns),
    rule(keys.too_many_columns),
    rule(keys.no_primary_key, "warning"),
    rule(keys.primary_key_twice),
    rule(keys.primary_key_nullable),
    rule(keys.key_type),
    rule(keys.computed_primary_key),
    rule(keys.autoincrement_not_integer),
    rule(keys.autoincrement_not_key),
    rule(keys.autoincrement_composite),
    rule(references.bad_reference),
    rule(references.reference_alone),
    rule(references.unknown_table),
    rule(references.unknown_column),
    rule(references.reference_to_opaque),
    rule(references.opaque_circle),
    rule(references.reference_arity),
    rule(references.reference_not_unique),
    rule(references.reference_type),
    rule(references.set_null_not_nullable),
    rule(references.set_default_without_default),
    rule(references.set_computed),
    rule(references.duplicate_foreign_key),
    rule(references.foreign_key_cycle, "warning"),
    rule(indexes.empty_key),
    rule(indexes.repeated_column),
    rule(indexes.duplicate_unique),
    rule(indexes.duplicate_index),
    rule(indexes.redundant_index, "warning"),
    rule(indexes.index_method),
    rule(indexes.exclusion_operator),
    rule(indexes.exclusion_sqlite, dialect="sqlite"),
    rule(indexes.nulls_not_distinct_sqlite, "warning", dialect="sqlite"),
    rule(indexes.nulls_not_distinct_where),
    rule(relationships.inverse_clash),
    rule(relationships.inverse_alone),
    rule(relationships.relationship_without_entity),
    rule(relationships.unknown_relationship),
    rule(relationships.relationship_option),
    rule(relationships.one_not_unique),
    rule(relationships.through_not_link),
    rule(relationships.relationship_order),
    rule(relationships.relationship_ambiguous),
    rule(sql_text.bad_sql_text),
    rule(sql_sqlite.sql_sqlite, dialect="sqlite"),
    rule(mixins.unknown_mixin),
    rule(mixins.mixin_column_clash),
    rule(mixins.unused_definition, "warning"),
    rule(mixins.renamed_from_itself),
    rule(mixins.renamed_from_present),
)

PURPOSES: dict[str, str] = READER_PROBLEMS | {item.id: item.purpose for item in RULES}
"""The purpose of each rule by id; those of the reader come first."""


def explain(rule_id: str) -> str:
    """Return the purpose of a rule. Raise `KeyError`, with the nearest id, if the rule does not exist."""
    if rule_id not in PURPOSES:
        raise KeyError(f"There is no rule `{rule_id}`. {did_you_mean(rule_id, PURPOSES) or ''}".rstrip())
    return PURPOSES[rule_id]

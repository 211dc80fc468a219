import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# A word's keys: itself and what is left of its first seven letters when up to `slips` of them are dropped. Two words
# that are that many slips apart share a key (Garbe 2012, symmetric deletes; the prefix keeps long words cheap).
KEYS_FUNCTION = """
CREATE FUNCTION mdmhub_search_keys(word text, slips integer) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT hashtext(piece)) FROM (
        SELECT left(word, 7) AS piece
        UNION ALL
        SELECT overlay(left(word, 7) PLACING '' FROM i FOR 1)
        FROM generate_series(1, least(length(word), 7)) AS i WHERE slips >= 1
        UNION ALL
        SELECT overlay(overlay(left(word, 7) PLACING '' FROM j FOR 1) PLACING '' FROM i FOR 1)
        FROM generate_series(1, least(length(word), 7)) AS i, generate_series(i + 1, least(length(word), 7)) AS j
        WHERE slips >= 2
    ) AS pieces
$$
"""
# No unique word: two writers who meet a new word at once both add it and neither waits for the other's commit. Looked up
# one by one, since a planner that doesn't know how few rows a statement writes would read the whole vocabulary instead.
LEARN_FUNCTION = """
CREATE FUNCTION mdmhub_learn_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO golden_searchword (word, keys)
    SELECT met.word, mdmhub_search_keys(met.word, CASE WHEN length(met.word) >= 8 THEN 2 ELSE 1 END)
    FROM (SELECT DISTINCT term::text COLLATE "C" AS word FROM new_rows, unnest(search_terms) AS term
          WHERE term ~ '^[a-z]{4,40}$') AS met
    WHERE (SELECT true FROM golden_searchword AS known WHERE known.word = met.word LIMIT 1) IS NULL;
    RETURN NULL;
END
$$
"""
TRIGGERS = """
CREATE TRIGGER learn_words_of_new AFTER INSERT ON golden_goldenrecord REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION mdmhub_learn_search_words();
CREATE TRIGGER learn_words_of_changed AFTER UPDATE ON golden_goldenrecord REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION mdmhub_learn_search_words();
"""
DROP = """
DROP TRIGGER learn_words_of_new ON golden_goldenrecord;
DROP TRIGGER learn_words_of_changed ON golden_goldenrecord;
DROP FUNCTION mdmhub_learn_search_words();
DROP FUNCTION mdmhub_search_keys(text, integer);
"""
LEARN_STORED = """
INSERT INTO golden_searchword (word, keys)
SELECT met.word, mdmhub_search_keys(met.word, CASE WHEN length(met.word) >= 8 THEN 2 ELSE 1 END)
FROM (SELECT DISTINCT term::text AS word FROM golden_goldenrecord, unnest(search_terms) AS term
      WHERE term ~ '^[a-z]{4,40}$') AS met
"""


class Migration(migrations.Migration):
    dependencies = [("golden", "0002_track_history")]
    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(db_collation="C", max_length=40)),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["word"], name="search_word_by_text"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["keys"], gin_pending_list_limit=1_024, name="search_word_by_key"
                    ),
                ],
            },
        ),
        migrations.RunSQL([KEYS_FUNCTION, LEARN_FUNCTION, TRIGGERS, LEARN_STORED], DROP),
    ]

CREATE TABLE IF NOT EXISTS "crm_migration" ( "number" BIGINT NOT NULL PRIMARY KEY, "checksum" VARCHAR(256) NOT NULL, "state" VARCHAR(256) NOT NULL ) STORAGE (USING LONG ROW);
CREATE TABLE "crm_thing" ( "org_id" VARCHAR(256) NOT NULL, "id" VARCHAR(764) NOT NULL, "version" BIGINT NOT NULL, "owner" VARCHAR(764) NOT NULL, "rank" BIGINT NOT NULL, "name" VARBINARY(255) NOT NULL, "label" VARCHAR(764) NOT NULL, "level" BIGINT NOT NULL, "due" BIGINT NOT NULL, "body" CLOB NOT NULL, PRIMARY KEY ("org_id", "id") ) STORAGE (USING LONG ROW);
CREATE INDEX "crm_thing_rank" ON "crm_thing" ("org_id", "rank", "id");
CREATE INDEX "crm_thing_level" ON "crm_thing" ("org_id", "level", "rank", "id");
CREATE INDEX "crm_thing_owner" ON "crm_thing" ("org_id", "owner", "id");
CREATE INDEX "crm_thing_owner_rank" ON "crm_thing" ("org_id", "owner", "rank", "id");
CREATE INDEX "crm_thing_owner_name" ON "crm_thing" ("org_id", "owner", "name", "id");
CREATE INDEX "crm_thing_owner_label" ON "crm_thing" ("org_id", "owner", "label", "id");
CREATE INDEX "crm_thing_due" ON "crm_thing" ("due", "org_id");
MERGE INTO "crm_migration" USING (SELECT 1 AS "n" FROM DUAL) AS "n" ON ("crm_migration"."number" = "n"."n") WHEN NOT MATCHED THEN INSERT ("number", "checksum", "state") VALUES (1, 'c90ffdc691634454e687f262e4aeab01993f171f69e45283575a5e4729ce20ce', 'done');
ALTER TABLE "crm_thing" ADD COLUMN "grp" VARBINARY(255) NOT NULL DEFAULT (HEXTORAW(''));
CREATE INDEX "crm_thing_grp_name" ON "crm_thing" ("org_id", "grp", "name", "id");
CREATE TABLE "crm_note" ( "org_id" VARCHAR(256) NOT NULL, "id" VARCHAR(764) NOT NULL, "version" BIGINT NOT NULL, "body" CLOB NOT NULL, PRIMARY KEY ("org_id", "id") ) STORAGE (USING LONG ROW);
MERGE INTO "crm_migration" USING (SELECT 2 AS "n" FROM DUAL) AS "n" ON ("crm_migration"."number" = "n"."n") WHEN NOT MATCHED THEN INSERT ("number", "checksum", "state") VALUES (2, 'f69366301d21e7fad96905c2a56bd1457451933fa2a1867548c26e02794a5886', 'done');
CREATE INDEX "crm_thing_level_name" ON "crm_thing" ("org_id", "level", "name", "id");
CREATE INDEX "crm_thing_level_grp" ON "crm_thing" ("org_id", "level", "grp", "rank", "id");
MERGE INTO "crm_migration" USING (SELECT 3 AS "n" FROM DUAL) AS "n" ON ("crm_migration"."number" = "n"."n") WHEN NOT MATCHED THEN INSERT ("number", "checksum", "state") VALUES (3, 'b2e2e980c2b73b601bcafe82807074ef894622835e907c338020a2922bd4eda8', 'done');

-- get one
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "org_id" = ? AND "id" = ?
-- [Text("o"), Text("i1")]

-- get many
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- columns of many
SELECT "x"."id", "x"."rank", "x"."owner" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- check
SELECT "version" FROM "crm_thing" WHERE "org_id" = ? AND "id" = ? AND "version" = ? FOR UPDATE
-- [Text("o"), Text("i1"), Integer(3)]

-- check several
SELECT "version" FROM "crm_thing" WHERE "org_id" = ? AND "id" IN (?, ?) AND "version" = CASE "id" WHEN ? THEN ? WHEN ? THEN ? END ORDER BY "id" FOR UPDATE
-- [Text("o"), Text("i1"), Text("i2"), Text("i1"), Integer(3), Text("i2"), Integer(3)]

-- insert
MERGE INTO "crm_thing" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS VARCHAR(764)) AS "owner", CAST(? AS BIGINT) AS "rank", CAST(? AS VARBINARY(255)) AS "name", CAST(? AS VARCHAR(764)) AS "label", CAST(? AS BIGINT) AS "level", CAST(? AS BIGINT) AS "due", CAST(? AS VARBINARY(255)) AS "grp", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_thing"."org_id" = "n"."org_id" AND "crm_thing"."id" = "n"."id") WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."owner", "n"."rank", "n"."name", "n"."label", "n"."level", "n"."due", "n"."grp", "n"."body")
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- update
UPDATE "crm_thing" SET "name" = ?, "label" = ?, "grp" = ?, "body" = ?, "version" = "version" + 1 WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("o"), Text("i1"), Integer(3)]

-- update with live columns
UPDATE "crm_thing" SET "name" = ?, "label" = ?, "grp" = ?, "body" = ?, "version" = "version" + 1, "owner" = ?, "rank" = GREATEST("rank", ?) WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("u2"), Integer(7), Text("o"), Text("i1"), Integer(3)]

-- delete
DELETE FROM "crm_thing" WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Text("o"), Text("i1"), Integer(3)]

-- restore
MERGE INTO "crm_thing" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS BIGINT) AS "version", CAST(? AS VARCHAR(764)) AS "owner", CAST(? AS BIGINT) AS "rank", CAST(? AS VARBINARY(255)) AS "name", CAST(? AS VARCHAR(764)) AS "label", CAST(? AS BIGINT) AS "level", CAST(? AS BIGINT) AS "due", CAST(? AS VARBINARY(255)) AS "grp", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_thing"."org_id" = "n"."org_id" AND "crm_thing"."id" = "n"."id") WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ("n"."org_id", "n"."id", "n"."version", "n"."owner", "n"."rank", "n"."name", "n"."label", "n"."level", "n"."due", "n"."grp", "n"."body")
-- [Text("o"), Text("i1"), Integer(3), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- put
MERGE INTO "crm_thing" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS VARCHAR(764)) AS "owner", CAST(? AS BIGINT) AS "rank", CAST(? AS VARBINARY(255)) AS "name", CAST(? AS VARCHAR(764)) AS "label", CAST(? AS BIGINT) AS "level", CAST(? AS BIGINT) AS "due", CAST(? AS VARBINARY(255)) AS "grp", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_thing"."org_id" = "n"."org_id" AND "crm_thing"."id" = "n"."id") WHEN MATCHED THEN UPDATE SET "owner" = "n"."owner", "rank" = "n"."rank", "name" = "n"."name", "label" = "n"."label", "level" = "n"."level", "due" = "n"."due", "grp" = "n"."grp", "body" = "n"."body", "version" = "crm_thing"."version" + 1 WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."owner", "n"."rank", "n"."name", "n"."label", "n"."level", "n"."due", "n"."grp", "n"."body")
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- touch
UPDATE "crm_thing" SET "owner" = ?, "rank" = GREATEST("rank", ?), "due" = LEAST("due", ?), "level" = "level" + ? WHERE "org_id" = ? AND "id" = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1")]

-- touch at a version
UPDATE "crm_thing" SET "owner" = ?, "rank" = GREATEST("rank", ?), "due" = LEAST("due", ?), "level" = "level" + ? WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1"), Integer(3)]

-- add
MERGE INTO "crm_thing" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS VARCHAR(764)) AS "owner", CAST(? AS BIGINT) AS "rank", CAST(? AS VARBINARY(255)) AS "name", CAST(? AS VARCHAR(764)) AS "label", CAST(? AS BIGINT) AS "level", CAST(? AS BIGINT) AS "due", CAST(? AS VARBINARY(255)) AS "grp", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_thing"."org_id" = "n"."org_id" AND "crm_thing"."id" = "n"."id") WHEN MATCHED THEN UPDATE SET "rank" = "crm_thing"."rank" + "n"."rank", "level" = "crm_thing"."level" + "n"."level" WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."owner", "n"."rank", "n"."name", "n"."label", "n"."level", "n"."due", "n"."grp", "n"."body")
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- add nothing
MERGE INTO "crm_thing" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS VARCHAR(764)) AS "owner", CAST(? AS BIGINT) AS "rank", CAST(? AS VARBINARY(255)) AS "name", CAST(? AS VARCHAR(764)) AS "label", CAST(? AS BIGINT) AS "level", CAST(? AS BIGINT) AS "due", CAST(? AS VARBINARY(255)) AS "grp", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_thing"."org_id" = "n"."org_id" AND "crm_thing"."id" = "n"."id") WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."owner", "n"."rank", "n"."name", "n"."label", "n"."level", "n"."due", "n"."grp", "n"."body")
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- reassign
UPDATE "crm_thing" SET "owner" = ? WHERE "org_id" = ? AND "owner" = ?
-- [Text("u2"), Text("o"), Text("u1")]

-- due
SELECT DISTINCT "org_id" FROM "crm_thing" WHERE "due" <= ? ORDER BY 1 ASC LIMIT ?
-- [Integer(9), Integer(10)]

-- organisation by id, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" > ? ORDER BY "x"."id" ASC LIMIT ?
-- [Text("o"), Text("i9"), Integer(20)]

-- count: organisation by id, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? LIMIT ?) AS "s"
-- [Text("o"), Integer(100)]

-- organisation by the beginning of ids
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" > ? AND "x"."id" < ? ORDER BY "x"."id" ASC LIMIT ?
-- [Text("o"), Text("i9\u{1f}"), Text("i9 "), Integer(20)]

-- count: organisation by the beginning of ids
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? LIMIT ?) AS "s"
-- [Text("o"), Integer(100)]

-- organisation by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND ("x"."rank" <= ? AND ("x"."rank" < ? OR ("x"."rank" = ? AND "x"."id" < ?))) AND "x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?
-- [Text("o"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Integer(20)]

-- count: organisation by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Text("o"), Integer(100)]

-- one owner by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? AND ("x"."rank" >= ? AND ("x"."rank" > ? OR ("x"."rank" = ? AND "x"."id" > ?))) AND "x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0)) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("u1"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Integer(20)]

-- count: one owner by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Text("o"), Text("u1"), Integer(100)]

-- two owners by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v") AND ("x"."rank" <= ? AND ("x"."rank" < ? OR ("x"."rank" = ? AND "x"."id" < ?))) AND "x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?
-- [Text("o"), Text("[\"u1\",\"u2\"]"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Integer(20)]

-- count: two owners by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v")) AND (REGEXP_INSTR(RAWTOHEX("x"."name"), ?) > (0) OR "x"."label" = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Text("^(..)*E5BC"), Text("a"), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by rank, related
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v") AND EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id" AND "r"."level" = ?) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id") > ?) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(20)]

-- count: two owners by rank, related
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN (EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id" AND "r"."level" = ?) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id") > ?)) THEN 1 END) AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("o"), Integer(1), Text("o"), Integer(7), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by id
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v") ORDER BY "x"."id" ASC LIMIT ?
-- [Text("o"), Text("[\"u1\",\"u2\"]"), Integer(20)]

-- count: two owners by id
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two groups by name
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."grp" IN (SELECT HEXTORAW("v"."value") FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(510) PATH '$')) AS "v") ORDER BY "x"."name" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("[\"01\",\"\"]"), Integer(20)]

-- count: two groups by name
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(510) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."grp" = HEXTORAW("v"."value") LIMIT ?) AS "s"
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(100)]

-- two owners by label
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v") ORDER BY "x"."label" DESC, "x"."id" DESC LIMIT ?
-- [Text("o"), Text("[\"u1\",\"u2\"]"), Integer(20)]

-- count: two owners by label
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two levels by due, which no index serves
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."level" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v") ORDER BY "x"."due" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("[1,2]"), Integer(20)]

-- count: two levels by due, which no index serves
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" BIGINT PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."level" = "v"."value" LIMIT ?) AS "s"
-- [Text("[1,2]"), Text("o"), Integer(100)]

-- columns of two owners by rank
SELECT "x"."id", "x"."label", "x"."rank" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" IN (SELECT "v"."value" FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v") ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?
-- [Text("o"), Text("[\"u1\",\"u2\"]"), Integer(20)]

-- sums of everything
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o")]

-- sums of everything, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? HAVING COUNT(*) > 0
-- [Text("o")]

-- sums of an owner
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o"), Text("u1")]

-- sums of an owner, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? HAVING COUNT(*) > 0
-- [Text("o"), Text("u1")]

-- sums of two owners within ranks
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND "x"."rank" >= ? AND "x"."rank" <= ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- sums of two owners within ranks, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM JSON_TABLE(?, '$[*]' COLUMNS ("value" VARCHAR(764) PATH '$')) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND "x"."rank" >= ? AND "x"."rank" <= ? HAVING COUNT(*) > 0
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- insert without columns
MERGE INTO "crm_note" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_note"."org_id" = "n"."org_id" AND "crm_note"."id" = "n"."id") WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."body")
-- [Text("o"), Text("n"), Text("{}")]

-- put without columns
MERGE INTO "crm_note" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_note"."org_id" = "n"."org_id" AND "crm_note"."id" = "n"."id") WHEN MATCHED THEN UPDATE SET "body" = "n"."body", "version" = "crm_note"."version" + 1 WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."body")
-- [Text("o"), Text("n"), Text("{}")]

-- insert two
MERGE INTO "crm_note" USING (SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS CLOB) AS "body" FROM DUAL UNION ALL SELECT CAST(? AS VARCHAR(256)) AS "org_id", CAST(? AS VARCHAR(764)) AS "id", CAST(? AS CLOB) AS "body" FROM DUAL) AS "n" ON ("crm_note"."org_id" = "n"."org_id" AND "crm_note"."id" = "n"."id") WHEN NOT MATCHED THEN INSERT ("org_id", "id", "version", "body") VALUES ("n"."org_id", "n"."id", 1, "n"."body")
-- [Text("o"), Text("n"), Text("{}"), Text("o"), Text("m"), Text("{}")]

-- delete two
DELETE FROM "crm_note" WHERE "org_id" = ? AND "version" = ? AND "id" IN (?, ?)
-- [Text("o"), Integer(1), Text("k"), Text("m")]

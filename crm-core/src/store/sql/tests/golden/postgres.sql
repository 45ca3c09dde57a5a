CREATE TABLE IF NOT EXISTS "crm_migration" ( "number" BIGINT NOT NULL PRIMARY KEY, "checksum" VARCHAR(64) COLLATE "C" NOT NULL, "state" VARCHAR(64) COLLATE "C" NOT NULL );
CREATE TABLE "crm_thing" ( "org_id" VARCHAR(64) COLLATE "C" NOT NULL, "id" VARCHAR(191) COLLATE "C" NOT NULL, "version" BIGINT NOT NULL, "owner" VARCHAR(191) COLLATE "C" NOT NULL, "rank" BIGINT NOT NULL, "name" BYTEA NOT NULL, "label" VARCHAR(191) COLLATE "C" NOT NULL, "level" BIGINT NOT NULL, "due" BIGINT NOT NULL, "body" TEXT NOT NULL, PRIMARY KEY ("org_id", "id") );
CREATE INDEX "crm_thing_rank" ON "crm_thing" ("org_id", "rank", "id");
CREATE INDEX "crm_thing_level" ON "crm_thing" ("org_id", "level", "rank", "id");
CREATE INDEX "crm_thing_owner" ON "crm_thing" ("org_id", "owner", "id");
CREATE INDEX "crm_thing_owner_rank" ON "crm_thing" ("org_id", "owner", "rank", "id");
CREATE INDEX "crm_thing_owner_name" ON "crm_thing" ("org_id", "owner", "name", "id");
CREATE INDEX "crm_thing_owner_label" ON "crm_thing" ("org_id", "owner", "label", "id");
CREATE INDEX "crm_thing_due" ON "crm_thing" ("due", "org_id");
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (1, 'c90ffdc691634454e687f262e4aeab01993f171f69e45283575a5e4729ce20ce', 'done') ON CONFLICT DO NOTHING;
ALTER TABLE "crm_thing" ADD COLUMN "grp" BYTEA NOT NULL DEFAULT ('');
CREATE INDEX "crm_thing_grp_name" ON "crm_thing" ("org_id", "grp", "name", "id");
CREATE TABLE "crm_note" ( "org_id" VARCHAR(64) COLLATE "C" NOT NULL, "id" VARCHAR(191) COLLATE "C" NOT NULL, "version" BIGINT NOT NULL, "body" TEXT NOT NULL, PRIMARY KEY ("org_id", "id") );
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (2, 'f69366301d21e7fad96905c2a56bd1457451933fa2a1867548c26e02794a5886', 'done') ON CONFLICT DO NOTHING;
CREATE INDEX "crm_thing_level_name" ON "crm_thing" ("org_id", "level", "name", "id");
CREATE INDEX "crm_thing_level_grp" ON "crm_thing" ("org_id", "level", "grp", "rank", "id") WHERE "grp" > '\x00'::bytea;
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (3, 'b2e2e980c2b73b601bcafe82807074ef894622835e907c338020a2922bd4eda8', 'done') ON CONFLICT DO NOTHING;

-- get one
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "org_id" = $1 AND "id" = $2
-- [Text("o"), Text("i1")]

-- get many
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM json_array_elements_text($1::text::json) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- columns of many
SELECT "x"."id", "x"."rank", "x"."owner" FROM json_array_elements_text($1::text::json) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- check
SELECT "version" FROM "crm_thing" WHERE "org_id" = $1 AND "id" = $2 AND "version" = $3 FOR SHARE
-- [Text("o"), Text("i1"), Integer(3)]

-- check several
SELECT "version" FROM "crm_thing" WHERE "org_id" = $1 AND "id" IN ($2, $3) AND "version" = CASE "id" WHEN $4 THEN $5 WHEN $6 THEN $7 END ORDER BY "id" FOR SHARE
-- [Text("o"), Text("i1"), Text("i2"), Text("i1"), Integer(3), Text("i2"), Integer(3)]

-- insert
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- update
UPDATE "crm_thing" SET "name" = $1, "label" = $2, "grp" = $3, "body" = $4, "version" = "version" + 1 WHERE "org_id" = $5 AND "id" = $6 AND "version" = $7
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("o"), Text("i1"), Integer(3)]

-- update with live columns
UPDATE "crm_thing" SET "name" = $1, "label" = $2, "grp" = $3, "body" = $4, "version" = "version" + 1, "owner" = $5, "rank" = GREATEST("rank", $6) WHERE "org_id" = $7 AND "id" = $8 AND "version" = $9
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("u2"), Integer(7), Text("o"), Text("i1"), Integer(3)]

-- delete
DELETE FROM "crm_thing" WHERE "org_id" = $1 AND "id" = $2 AND "version" = $3
-- [Text("o"), Text("i1"), Integer(3)]

-- restore
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("i1"), Integer(3), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- put
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ("org_id", "id") DO UPDATE SET "owner" = excluded."owner", "rank" = excluded."rank", "name" = excluded."name", "label" = excluded."label", "level" = excluded."level", "due" = excluded."due", "grp" = excluded."grp", "body" = excluded."body", "version" = "crm_thing"."version" + 1
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- touch
UPDATE "crm_thing" SET "owner" = $1, "rank" = GREATEST("rank", $2), "due" = LEAST("due", $3), "level" = "level" + $4 WHERE "org_id" = $5 AND "id" = $6
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1")]

-- touch at a version
UPDATE "crm_thing" SET "owner" = $1, "rank" = GREATEST("rank", $2), "due" = LEAST("due", $3), "level" = "level" + $4 WHERE "org_id" = $5 AND "id" = $6 AND "version" = $7
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1"), Integer(3)]

-- add
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ("org_id", "id") DO UPDATE SET "rank" = "crm_thing"."rank" + excluded."rank", "level" = "crm_thing"."level" + excluded."level"
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- add nothing
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ("org_id", "id") DO UPDATE SET "id" = "crm_thing"."id"
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- reassign
UPDATE "crm_thing" SET "owner" = $1 WHERE "org_id" = $2 AND "owner" = $3
-- [Text("u2"), Text("o"), Text("u1")]

-- due
SELECT DISTINCT "org_id" FROM "crm_thing" WHERE "due" <= $1 ORDER BY 1 ASC LIMIT $2
-- [Integer(9), Integer(10)]

-- organisation by id, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."id" > $2 ORDER BY "x"."id" ASC LIMIT $3
-- [Text("o"), Text("i9"), Integer(20)]

-- count: organisation by id, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 LIMIT $2) AS "s"
-- [Text("o"), Integer(100)]

-- organisation by the beginning of ids
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."id" > $2 AND "x"."id" < $3 ORDER BY "x"."id" ASC LIMIT $4
-- [Text("o"), Text("i9\u{1f}"), Text("i9 "), Integer(20)]

-- count: organisation by the beginning of ids
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 LIMIT $2) AS "s"
-- [Text("o"), Integer(100)]

-- organisation by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND ("x"."rank", "x"."id") < ($2, $3) AND "x"."level" >= $4 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($5::text::json) AS "v")) AND ((position($6 in "x"."name")) > (0) OR "x"."label" = $7 OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT $8
-- [Text("o"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: organisation by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= $1 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($2::text::json) AS "v")) AND ((position($3 in "x"."name")) > (0) OR "x"."label" = $4 OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 LIMIT $6) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Integer(100)]

-- one owner by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."owner" = $2 AND ("x"."rank", "x"."id") > ($3, $4) AND "x"."level" >= $5 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($6::text::json) AS "v")) AND ((position($7 in "x"."name")) > (0) OR "x"."label" = $8 OR (1 = 0)) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT $9
-- [Text("o"), Text("u1"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: one owner by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= $1 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($2::text::json) AS "v")) AND ((position($3 in "x"."name")) > (0) OR "x"."label" = $4 OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 AND "x"."owner" = $6 LIMIT $7) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Text("u1"), Integer(100)]

-- two owners by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM (SELECT "r"."rank", "r"."id" FROM (SELECT "v"."value" AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" AND ("x"."rank", "x"."id") < ($3, $4) AND "x"."level" >= $5 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($6::text::json) AS "v")) AND ((position($7 in "x"."name")) > (0) OR "x"."label" = $8 OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT $9) AS "h" ON TRUE ORDER BY "h"."rank" DESC, "h"."id" DESC LIMIT $10) AS "b" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $11 AND "x"."owner" = "b"."s" AND ("x"."rank", "x"."id") < ($12, $13) AND "x"."level" >= $14 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($15::text::json) AS "v")) AND ((position($16 in "x"."name")) > (0) OR "x"."label" = $17 OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT $18) AS "r" ON TRUE ORDER BY "r"."rank" DESC, "r"."id" DESC LIMIT $19) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $20 AND "x"."id" = "p"."id" ORDER BY "p"."rank" DESC, "p"."id" DESC LIMIT $21
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(1), Integer(20), Text("o"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= $1 AND (NOT "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($2::text::json) AS "v")) AND ((position($3 in "x"."name")) > (0) OR "x"."label" = $4 OR (1 = 0))) THEN 1 END) AS "hit" FROM json_array_elements_text($5::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $6 AND "x"."owner" = "v"."value" LIMIT $7) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by rank, related
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM (SELECT "r"."rank", "r"."id" FROM (SELECT "v"."value" AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" AND EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = $3 AND "r"."owner" = "x"."id" AND "r"."level" = $4) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = $5 AND "r"."owner" = "x"."id") > $6) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT $7) AS "h" ON TRUE ORDER BY "h"."rank" ASC, "h"."id" ASC LIMIT $8) AS "b" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $9 AND "x"."owner" = "b"."s" AND EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = $10 AND "r"."owner" = "x"."id" AND "r"."level" = $11) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = $12 AND "r"."owner" = "x"."id") > $13) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT $14) AS "r" ON TRUE ORDER BY "r"."rank" ASC, "r"."id" ASC LIMIT $15) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $16 AND "x"."id" = "p"."id" ORDER BY "p"."rank" ASC, "p"."id" ASC LIMIT $17
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(1), Integer(20), Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by rank, related
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN (EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = $1 AND "r"."owner" = "x"."id" AND "r"."level" = $2) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = $3 AND "r"."owner" = "x"."id") > $4)) THEN 1 END) AS "hit" FROM json_array_elements_text($5::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $6 AND "x"."owner" = "v"."value" LIMIT $7) AS "s"
-- [Text("o"), Integer(1), Text("o"), Integer(7), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by id
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM (SELECT "r"."id" FROM (SELECT "v"."value" AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" ORDER BY "x"."id" ASC LIMIT $3) AS "h" ON TRUE ORDER BY "h"."id" ASC LIMIT $4) AS "b" INNER JOIN LATERAL (SELECT "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 AND "x"."owner" = "b"."s" ORDER BY "x"."id" ASC LIMIT $6) AS "r" ON TRUE ORDER BY "r"."id" ASC LIMIT $7) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $8 AND "x"."id" = "p"."id" ORDER BY "p"."id" ASC LIMIT $9
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by id
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" LIMIT $3) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two groups by name
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM (SELECT "r"."name", "r"."id" FROM (SELECT decode("v"."value", 'hex') AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."name", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."grp" = decode("v"."value", 'hex') ORDER BY "x"."name" ASC, "x"."id" ASC LIMIT $3) AS "h" ON TRUE ORDER BY "h"."name" ASC, "h"."id" ASC LIMIT $4) AS "b" INNER JOIN LATERAL (SELECT "x"."name", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 AND "x"."grp" = "b"."s" ORDER BY "x"."name" ASC, "x"."id" ASC LIMIT $6) AS "r" ON TRUE ORDER BY "r"."name" ASC, "r"."id" ASC LIMIT $7) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $8 AND "x"."id" = "p"."id" ORDER BY "p"."name" ASC, "p"."id" ASC LIMIT $9
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two groups by name
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."grp" = decode("v"."value", 'hex') LIMIT $3) AS "s"
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(100)]

-- two owners by label
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM (SELECT "r"."label", "r"."id" FROM (SELECT "v"."value" AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."label", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" ORDER BY "x"."label" DESC, "x"."id" DESC LIMIT $3) AS "h" ON TRUE ORDER BY "h"."label" DESC, "h"."id" DESC LIMIT $4) AS "b" INNER JOIN LATERAL (SELECT "x"."label", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 AND "x"."owner" = "b"."s" ORDER BY "x"."label" DESC, "x"."id" DESC LIMIT $6) AS "r" ON TRUE ORDER BY "r"."label" DESC, "r"."id" DESC LIMIT $7) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $8 AND "x"."id" = "p"."id" ORDER BY "p"."label" DESC, "p"."id" DESC LIMIT $9
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by label
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" LIMIT $3) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two levels by due, which no index serves
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."level" IN (SELECT CAST("v"."value" AS bigint) FROM json_array_elements_text($2::text::json) AS "v") ORDER BY "x"."due" ASC, "x"."id" ASC LIMIT $3
-- [Text("o"), Text("[1,2]"), Integer(20)]

-- count: two levels by due, which no index serves
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."level" = CAST("v"."value" AS bigint) LIMIT $3) AS "s"
-- [Text("[1,2]"), Text("o"), Integer(100)]

-- columns of two owners by rank
SELECT "x"."id", "x"."label", "x"."rank" FROM (SELECT "r"."rank", "r"."id" FROM (SELECT "v"."value" AS "s" FROM json_array_elements_text($1::text::json) AS "v" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT $3) AS "h" ON TRUE ORDER BY "h"."rank" DESC, "h"."id" DESC LIMIT $4) AS "b" INNER JOIN LATERAL (SELECT "x"."rank", "x"."id" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $5 AND "x"."owner" = "b"."s" ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT $6) AS "r" ON TRUE ORDER BY "r"."rank" DESC, "r"."id" DESC LIMIT $7) AS "p" INNER JOIN "crm_thing" AS "x" ON "x"."org_id" = $8 AND "x"."id" = "p"."id" ORDER BY "p"."rank" DESC, "p"."id" DESC LIMIT $9
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- sums of everything
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o")]

-- sums of everything, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 HAVING COUNT(*) > 0
-- [Text("o")]

-- sums of an owner
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."owner" = $2 GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o"), Text("u1")]

-- sums of an owner, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."owner" = $2 HAVING COUNT(*) > 0
-- [Text("o"), Text("u1")]

-- sums of two owners within ranks
SELECT "x"."owner", "x"."name", CAST(SUM("x"."level") AS BIGINT), CAST(SUM("x"."due") AS BIGINT) FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" AND "x"."rank" >= $3 AND "x"."rank" <= $4 GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- sums of two owners within ranks, in one
SELECT CAST(SUM("x"."level") AS BIGINT) FROM json_array_elements_text($1::text::json) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = $2 AND "x"."owner" = "v"."value" AND "x"."rank" >= $3 AND "x"."rank" <= $4 HAVING COUNT(*) > 0
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- insert without columns
INSERT INTO "crm_note" ("org_id", "id", "version", "body") VALUES ($1, $2, 1, $3) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("n"), Text("{}")]

-- put without columns
INSERT INTO "crm_note" ("org_id", "id", "version", "body") VALUES ($1, $2, 1, $3) ON CONFLICT ("org_id", "id") DO UPDATE SET "body" = excluded."body", "version" = "crm_note"."version" + 1
-- [Text("o"), Text("n"), Text("{}")]

-- insert two
INSERT INTO "crm_note" ("org_id", "id", "version", "body") VALUES ($1, $2, 1, $3), ($4, $5, 1, $6) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("n"), Text("{}"), Text("o"), Text("m"), Text("{}")]

-- delete two
DELETE FROM "crm_note" WHERE "org_id" = $1 AND "version" = $2 AND "id" IN ($3, $4)
-- [Text("o"), Integer(1), Text("k"), Text("m")]

-- reads of two kinds
SELECT 0, "x"."version", "x"."rank", "x"."level", "x"."due", "x"."id", "x"."owner", "x"."label", "x"."body", "x"."name", "x"."grp" FROM "crm_thing" AS "x" WHERE "x"."org_id" = $1 AND "x"."id" IN ($2, $3) UNION ALL SELECT 1, "x"."version", 0, 0, 0, "x"."id", "x"."body", '', '', ''::bytea, ''::bytea FROM "crm_note" AS "x" WHERE "x"."org_id" = $4 AND "x"."id" IN ($5)
-- [Text("o"), Text("i1"), Text("i2"), Text("o"), Text("n")]

CREATE TABLE IF NOT EXISTS "crm_migration" ( "number" INTEGER NOT NULL PRIMARY KEY, "checksum" TEXT NOT NULL, "state" TEXT NOT NULL ) STRICT;
CREATE TABLE "crm_thing" ( "org_id" TEXT NOT NULL, "id" TEXT NOT NULL, "version" INTEGER NOT NULL, "owner" TEXT NOT NULL, "rank" INTEGER NOT NULL, "name" BLOB NOT NULL, "label" TEXT NOT NULL, "level" INTEGER NOT NULL, "due" INTEGER NOT NULL, "body" TEXT NOT NULL, PRIMARY KEY ("org_id", "id") ) STRICT;
CREATE INDEX "crm_thing_rank" ON "crm_thing" ("org_id", "rank", "id");
CREATE INDEX "crm_thing_level" ON "crm_thing" ("org_id", "level", "rank", "id");
CREATE INDEX "crm_thing_owner" ON "crm_thing" ("org_id", "owner", "id");
CREATE INDEX "crm_thing_owner_rank" ON "crm_thing" ("org_id", "owner", "rank", "id");
CREATE INDEX "crm_thing_owner_name" ON "crm_thing" ("org_id", "owner", "name", "id");
CREATE INDEX "crm_thing_owner_label" ON "crm_thing" ("org_id", "owner", "label", "id");
CREATE INDEX "crm_thing_due" ON "crm_thing" ("due", "org_id");
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (1, 'c90ffdc691634454e687f262e4aeab01993f171f69e45283575a5e4729ce20ce', 'done') ON CONFLICT DO NOTHING;
ALTER TABLE "crm_thing" ADD COLUMN "grp" BLOB NOT NULL DEFAULT (x'');
CREATE INDEX "crm_thing_grp_name" ON "crm_thing" ("org_id", "grp", "name", "id");
CREATE TABLE "crm_note" ( "org_id" TEXT NOT NULL, "id" TEXT NOT NULL, "version" INTEGER NOT NULL, "body" TEXT NOT NULL, PRIMARY KEY ("org_id", "id") ) STRICT;
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (2, 'f69366301d21e7fad96905c2a56bd1457451933fa2a1867548c26e02794a5886', 'done') ON CONFLICT DO NOTHING;
CREATE INDEX "crm_thing_level_name" ON "crm_thing" ("org_id", "level", "name", "id");
CREATE INDEX "crm_thing_level_grp" ON "crm_thing" ("org_id", "level", "grp", "rank", "id") WHERE "grp" > x'00';
INSERT INTO "crm_migration" ("number", "checksum", "state") VALUES (3, 'b2e2e980c2b73b601bcafe82807074ef894622835e907c338020a2922bd4eda8', 'done') ON CONFLICT DO NOTHING;

-- get one
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "org_id" = ? AND "id" = ?
-- [Text("o"), Text("i1")]

-- get many
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM json_each(?) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- columns of many
SELECT "x"."id", "x"."rank", "x"."owner" FROM json_each(?) AS "k" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = "k"."value"
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- check
SELECT "version" FROM "crm_thing" WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Text("o"), Text("i1"), Integer(3)]

-- check several
SELECT "version" FROM "crm_thing" WHERE "org_id" = ? AND "id" IN (?, ?) AND "version" = CASE "id" WHEN ? THEN ? WHEN ? THEN ? END ORDER BY "id"
-- [Text("o"), Text("i1"), Text("i2"), Text("i1"), Integer(3), Text("i2"), Integer(3)]

-- insert
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- update
UPDATE "crm_thing" SET "name" = ?, "label" = ?, "grp" = ?, "body" = ?, "version" = "version" + 1 WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("o"), Text("i1"), Integer(3)]

-- update with live columns
UPDATE "crm_thing" SET "name" = ?, "label" = ?, "grp" = ?, "body" = ?, "version" = "version" + 1, "owner" = ?, "rank" = max("rank", ?) WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("u2"), Integer(7), Text("o"), Text("i1"), Integer(3)]

-- delete
DELETE FROM "crm_thing" WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Text("o"), Text("i1"), Integer(3)]

-- restore
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("i1"), Integer(3), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- put
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("org_id", "id") DO UPDATE SET "owner" = excluded."owner", "rank" = excluded."rank", "name" = excluded."name", "label" = excluded."label", "level" = excluded."level", "due" = excluded."due", "grp" = excluded."grp", "body" = excluded."body", "version" = "crm_thing"."version" + 1
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- touch
UPDATE "crm_thing" SET "owner" = ?, "rank" = max("rank", ?), "due" = min("due", ?), "level" = "level" + ? WHERE "org_id" = ? AND "id" = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1")]

-- touch at a version
UPDATE "crm_thing" SET "owner" = ?, "rank" = max("rank", ?), "due" = min("due", ?), "level" = "level" + ? WHERE "org_id" = ? AND "id" = ? AND "version" = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1"), Integer(3)]

-- add
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("org_id", "id") DO UPDATE SET "rank" = "crm_thing"."rank" + excluded."rank", "level" = "crm_thing"."level" + excluded."level"
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- add nothing
INSERT INTO "crm_thing" ("org_id", "id", "version", "owner", "rank", "name", "label", "level", "due", "grp", "body") VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("org_id", "id") DO UPDATE SET "id" = "crm_thing"."id"
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- reassign
UPDATE "crm_thing" SET "owner" = ? WHERE "org_id" = ? AND "owner" = ?
-- [Text("u2"), Text("o"), Text("u1")]

-- due
SELECT DISTINCT +"org_id" FROM "crm_thing" WHERE "due" <= ? ORDER BY 1 ASC LIMIT ?
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
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND ("x"."rank", "x"."id") < (?, ?) AND "x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr("x"."name", ?) > (0) OR "x"."label" = ? OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?
-- [Text("o"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: organisation by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ("x"."level" >= ? AND (NOT "x"."level" IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr("x"."name", ?) > (0) OR "x"."label" = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Integer(100)]

-- one owner by rank, filtered, behind
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? AND ("x"."rank", "x"."id") > (?, ?) AND (+"x"."level") >= ? AND (NOT (+"x"."level") IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr(+"x"."name", ?) > (0) OR (+"x"."label") = ? OR (1 = 0)) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("u1"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: one owner by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ((+"x"."level") >= ? AND (NOT (+"x"."level") IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr(+"x"."name", ?) > (0) OR (+"x"."label") = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Text("u1"), Integer(100)]

-- two owners by rank, filtered, behind
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT "v"."value" AS "s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND ("x"."rank", "x"."id") < (?, ?) AND (+"x"."level") >= ? AND (NOT (+"x"."level") IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr(+"x"."name", ?) > (0) OR (+"x"."label") = ? OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 DESC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "q"."s" AND ("x"."rank", "x"."id") < (+(CAST(substr("q"."k", 2, 19) AS INTEGER) - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 9223372036854775807 END - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 1 END), +CAST(substr("q"."k", 21) AS TEXT)) AND (+"x"."level") >= ? AND (NOT (+"x"."level") IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr(+"x"."name", ?) > (0) OR (+"x"."label") = ? OR (1 = 0)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 DESC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST(substr("q"."k", 21) AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" DESC
-- [Text("o"), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(1), Text("[\"u1\",\"u2\"]"), Integer(20), Text("o"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(1), Integer(20), Text("o")]

-- count: two owners by rank, filtered, behind
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN ((+"x"."level") >= ? AND (NOT (+"x"."level") IN (SELECT "v"."value" FROM json_each(?) AS "v")) AND (instr(+"x"."name", ?) > (0) OR (+"x"."label") = ? OR (1 = 0))) THEN 1 END) AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by rank, related
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT "v"."value" AS "s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id" AND "r"."level" = ?) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id") > ?) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 ASC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "q"."s" AND ("x"."rank", "x"."id") > (+(CAST(substr("q"."k", 2, 19) AS INTEGER) - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 9223372036854775807 END - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 1 END), +CAST(substr("q"."k", 21) AS TEXT)) AND EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id" AND "r"."level" = ?) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id") > ?) ORDER BY "x"."rank" ASC, "x"."id" ASC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 ASC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST(substr("q"."k", 21) AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" ASC
-- [Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(1), Text("[\"u1\",\"u2\"]"), Integer(20), Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(1), Integer(20), Text("o")]

-- count: two owners by rank, related
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT (CASE WHEN (EXISTS(SELECT 1 FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id" AND "r"."level" = ?) AND (NOT (SELECT COALESCE(SUM("r"."due"), 0) FROM "crm_thing" AS "r" WHERE "r"."org_id" = ? AND "r"."owner" = "x"."id") > ?)) THEN 1 END) AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("o"), Integer(1), Text("o"), Integer(7), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by id
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT "v"."value" AS "s", (SELECT CAST("x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" ORDER BY "x"."id" ASC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 ASC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST("x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "q"."s" AND "x"."id" > (+CAST("q"."k" AS TEXT)) ORDER BY "x"."id" ASC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 ASC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST("q"."k" AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" ASC
-- [Text("o"), Integer(1), Text("[\"u1\",\"u2\"]"), Integer(20), Text("o"), Integer(1), Integer(20), Text("o")]

-- count: two owners by id
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two groups by name
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT unhex("v"."value") AS "s", (SELECT CAST(hex("x"."name") || '!' || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."grp" = unhex("v"."value") ORDER BY "x"."name" ASC, "x"."id" ASC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 ASC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST(hex("x"."name") || '!' || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."grp" = "q"."s" AND ("x"."name", "x"."id") > (unhex(CAST(substr("q"."k", 1, instr("q"."k", x'21') - 1) AS TEXT)), +CAST(substr("q"."k", instr("q"."k", x'21') + 1) AS TEXT)) ORDER BY "x"."name" ASC, "x"."id" ASC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 ASC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST(substr("q"."k", instr("q"."k", x'21') + 1) AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" ASC
-- [Text("o"), Integer(1), Text("[\"01\",\"\"]"), Integer(20), Text("o"), Integer(1), Integer(20), Text("o")]

-- count: two groups by name
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."grp" = unhex("v"."value") LIMIT ?) AS "s"
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(100)]

-- two owners by label
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT "v"."value" AS "s", (SELECT CAST(hex("x"."label") || '!' || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" ORDER BY "x"."label" DESC, "x"."id" DESC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 DESC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST(hex("x"."label") || '!' || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "q"."s" AND ("x"."label", "x"."id") < (+CAST(unhex(CAST(substr("q"."k", 1, instr("q"."k", x'21') - 1) AS TEXT)) AS TEXT), +CAST(substr("q"."k", instr("q"."k", x'21') + 1) AS TEXT)) ORDER BY "x"."label" DESC, "x"."id" DESC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 DESC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST(substr("q"."k", instr("q"."k", x'21') + 1) AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" DESC
-- [Text("o"), Integer(1), Text("[\"u1\",\"u2\"]"), Integer(20), Text("o"), Integer(1), Integer(20), Text("o")]

-- count: two owners by label
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" LIMIT ?) AS "s"
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two levels by due, which no index serves
SELECT "x"."id", "x"."version", "x"."owner", "x"."rank", "x"."name", "x"."label", "x"."level", "x"."due", "x"."grp", "x"."body" FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."level" IN (SELECT "v"."value" FROM json_each(?) AS "v") ORDER BY "x"."due" ASC, "x"."id" ASC LIMIT ?
-- [Text("o"), Text("[1,2]"), Integer(20)]

-- count: two levels by due, which no index serves
SELECT COUNT(*), COUNT("s"."hit") FROM (SELECT 1 AS "hit" FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."level" = "v"."value" LIMIT ?) AS "s"
-- [Text("[1,2]"), Text("o"), Integer(100)]

-- columns of two owners by rank
WITH RECURSIVE "q" ("s", "k") AS (SELECT "h"."s", "h"."k" FROM (SELECT "v"."value" AS "s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?) AS "k" FROM json_each(?) AS "v" ORDER BY 2 DESC NULLS LAST LIMIT ?) AS "h" WHERE "h"."k" IS NOT NULL UNION ALL SELECT "q"."s", (SELECT CAST(printf('%d%019d', "x"."rank" >= 0, CASE WHEN "x"."rank" < 0 THEN "x"."rank" + 9223372036854775807 + 1 ELSE "x"."rank" END) || "x"."id" AS BLOB) FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "q"."s" AND ("x"."rank", "x"."id") < (+(CAST(substr("q"."k", 2, 19) AS INTEGER) - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 9223372036854775807 END - CASE WHEN substr("q"."k", 1, 1) = x'31' THEN 0 ELSE 1 END), +CAST(substr("q"."k", 21) AS TEXT)) ORDER BY "x"."rank" DESC, "x"."id" DESC LIMIT ?) FROM "q" WHERE "q"."k" IS NOT NULL ORDER BY 2 DESC NULLS LAST LIMIT ?) SELECT "x"."id", "x"."label", "x"."rank" FROM "q" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."id" = (+CAST(substr("q"."k", 21) AS TEXT)) AND "q"."k" IS NOT NULL ORDER BY "q"."k" DESC
-- [Text("o"), Integer(1), Text("[\"u1\",\"u2\"]"), Integer(20), Text("o"), Integer(1), Integer(20), Text("o")]

-- sums of everything
SELECT "x"."owner", "x"."name", SUM("x"."level"), SUM("x"."due") FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o")]

-- sums of everything, in one
SELECT SUM("x"."level") FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? HAVING COUNT(*) > 0
-- [Text("o")]

-- sums of an owner
SELECT "x"."owner", "x"."name", SUM("x"."level"), SUM("x"."due") FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("o"), Text("u1")]

-- sums of an owner, in one
SELECT SUM("x"."level") FROM "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = ? HAVING COUNT(*) > 0
-- [Text("o"), Text("u1")]

-- sums of two owners within ranks
SELECT "x"."owner", "x"."name", SUM("x"."level"), SUM("x"."due") FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND "x"."rank" >= ? AND "x"."rank" <= ? GROUP BY "x"."owner", "x"."name" ORDER BY 1 ASC, 2 ASC
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- sums of two owners within ranks, in one
SELECT SUM("x"."level") FROM json_each(?) AS "v" CROSS JOIN "crm_thing" AS "x" WHERE "x"."org_id" = ? AND "x"."owner" = "v"."value" AND "x"."rank" >= ? AND "x"."rank" <= ? HAVING COUNT(*) > 0
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- insert without columns
INSERT INTO "crm_note" ("org_id", "id", "version", "body") VALUES (?, ?, 1, ?) ON CONFLICT ("org_id", "id") DO NOTHING
-- [Text("o"), Text("n"), Text("{}")]

-- put without columns
INSERT INTO "crm_note" ("org_id", "id", "version", "body") VALUES (?, ?, 1, ?) ON CONFLICT ("org_id", "id") DO UPDATE SET "body" = excluded."body", "version" = "crm_note"."version" + 1
-- [Text("o"), Text("n"), Text("{}")]

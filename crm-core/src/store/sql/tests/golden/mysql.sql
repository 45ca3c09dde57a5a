CREATE TABLE IF NOT EXISTS `crm_migration` ( `number` BIGINT NOT NULL PRIMARY KEY, `checksum` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `state` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
CREATE TABLE `crm_thing` ( `org_id` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `id` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `version` BIGINT NOT NULL, `owner` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `rank` BIGINT NOT NULL, `name` VARBINARY(255) NOT NULL, `label` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `level` BIGINT NOT NULL, `due` BIGINT NOT NULL, `body` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, PRIMARY KEY (`org_id`, `id`) ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
CREATE INDEX `crm_thing_rank` ON `crm_thing` (`org_id`, `rank`, `id`);
CREATE INDEX `crm_thing_level` ON `crm_thing` (`org_id`, `level`, `rank`, `id`);
CREATE INDEX `crm_thing_owner` ON `crm_thing` (`org_id`, `owner`, `id`);
CREATE INDEX `crm_thing_owner_rank` ON `crm_thing` (`org_id`, `owner`, `rank`, `id`);
CREATE INDEX `crm_thing_owner_name` ON `crm_thing` (`org_id`, `owner`, `name`, `id`);
CREATE INDEX `crm_thing_owner_label` ON `crm_thing` (`org_id`, `owner`, `label`, `id`);
CREATE INDEX `crm_thing_due` ON `crm_thing` (`due`, `org_id`);
INSERT IGNORE INTO `crm_migration` (`number`, `checksum`, `state`) VALUES (1, 'c90ffdc691634454e687f262e4aeab01993f171f69e45283575a5e4729ce20ce', 'done');
ALTER TABLE `crm_thing` ADD COLUMN `grp` VARBINARY(255) NOT NULL DEFAULT ('');
CREATE INDEX `crm_thing_grp_name` ON `crm_thing` (`org_id`, `grp`, `name`, `id`);
CREATE TABLE `crm_note` ( `org_id` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `id` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, `version` BIGINT NOT NULL, `body` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL, PRIMARY KEY (`org_id`, `id`) ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT IGNORE INTO `crm_migration` (`number`, `checksum`, `state`) VALUES (2, 'f69366301d21e7fad96905c2a56bd1457451933fa2a1867548c26e02794a5886', 'done');
CREATE INDEX `crm_thing_level_name` ON `crm_thing` (`org_id`, `level`, `name`, `id`);
CREATE INDEX `crm_thing_level_grp` ON `crm_thing` (`org_id`, `level`, `grp`, `rank`, `id`);
INSERT IGNORE INTO `crm_migration` (`number`, `checksum`, `state`) VALUES (3, 'b2e2e980c2b73b601bcafe82807074ef894622835e907c338020a2922bd4eda8', 'done');

-- get one
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `org_id` = ? AND `id` = ?
-- [Text("o"), Text("i1")]

-- get many
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `k` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` = `k`.`value`
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- columns of many
SELECT `x`.`id`, `x`.`rank`, `x`.`owner` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `k` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` = `k`.`value`
-- [Text("[\"i1\",\"i2\"]"), Text("o")]

-- check
SELECT `version` FROM `crm_thing` WHERE `org_id` = ? AND `id` = ? AND `version` = ? FOR SHARE
-- [Text("o"), Text("i1"), Integer(3)]

-- check several
SELECT `version` FROM `crm_thing` WHERE `org_id` = ? AND `id` IN (?, ?) AND `version` = CASE `id` WHEN ? THEN ? WHEN ? THEN ? END ORDER BY `id` FOR SHARE
-- [Text("o"), Text("i1"), Text("i2"), Text("i1"), Integer(3), Text("i2"), Integer(3)]

-- insert
INSERT IGNORE INTO `crm_thing` (`org_id`, `id`, `version`, `owner`, `rank`, `name`, `label`, `level`, `due`, `grp`, `body`) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- update
UPDATE `crm_thing` SET `name` = ?, `label` = ?, `grp` = ?, `body` = ?, `version` = `version` + 1 WHERE `org_id` = ? AND `id` = ? AND `version` = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("o"), Text("i1"), Integer(3)]

-- update with live columns
UPDATE `crm_thing` SET `name` = ?, `label` = ?, `grp` = ?, `body` = ?, `version` = `version` + 1, `owner` = ?, `rank` = GREATEST(`rank`, ?) WHERE `org_id` = ? AND `id` = ? AND `version` = ?
-- [Bytes([1]), Text("-"), Bytes([]), Text("{}"), Text("u2"), Integer(7), Text("o"), Text("i1"), Integer(3)]

-- delete
DELETE FROM `crm_thing` WHERE `org_id` = ? AND `id` = ? AND `version` = ?
-- [Text("o"), Text("i1"), Integer(3)]

-- restore
INSERT IGNORE INTO `crm_thing` (`org_id`, `id`, `version`, `owner`, `rank`, `name`, `label`, `level`, `due`, `grp`, `body`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- [Text("o"), Text("i1"), Integer(3), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- put
INSERT INTO `crm_thing` (`org_id`, `id`, `version`, `owner`, `rank`, `name`, `label`, `level`, `due`, `grp`, `body`) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `owner` = VALUES(`owner`), `rank` = VALUES(`rank`), `name` = VALUES(`name`), `label` = VALUES(`label`), `level` = VALUES(`level`), `due` = VALUES(`due`), `grp` = VALUES(`grp`), `body` = VALUES(`body`), `version` = `crm_thing`.`version` + 1
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- touch
SELECT `version` FROM `crm_thing` WHERE `org_id` = ? AND `id` = ? FOR UPDATE
-- [Text("o"), Text("i1")]

-- touch
UPDATE `crm_thing` SET `owner` = ?, `rank` = GREATEST(`rank`, ?), `due` = LEAST(`due`, ?), `level` = `level` + ? WHERE `org_id` = ? AND `id` = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1")]

-- touch at a version
SELECT `version` FROM `crm_thing` WHERE `org_id` = ? AND `id` = ? AND `version` = ? FOR UPDATE
-- [Text("o"), Text("i1"), Integer(3)]

-- touch at a version
UPDATE `crm_thing` SET `owner` = ?, `rank` = GREATEST(`rank`, ?), `due` = LEAST(`due`, ?), `level` = `level` + ? WHERE `org_id` = ? AND `id` = ? AND `version` = ?
-- [Text("u2"), Integer(7), Integer(7), Integer(1), Text("o"), Text("i1"), Integer(3)]

-- add
INSERT INTO `crm_thing` (`org_id`, `id`, `version`, `owner`, `rank`, `name`, `label`, `level`, `due`, `grp`, `body`) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `rank` = `crm_thing`.`rank` + VALUES(`rank`), `level` = `crm_thing`.`level` + VALUES(`level`)
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- add nothing
INSERT INTO `crm_thing` (`org_id`, `id`, `version`, `owner`, `rank`, `name`, `label`, `level`, `due`, `grp`, `body`) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `id` = `crm_thing`.`id`
-- [Text("o"), Text("i1"), Text("u1"), Integer(5), Bytes([1]), Text("-"), Integer(0), Integer(9), Bytes([]), Text("{}")]

-- reassign
UPDATE `crm_thing` SET `owner` = ? WHERE `org_id` = ? AND `owner` = ?
-- [Text("u2"), Text("o"), Text("u1")]

-- due
SELECT DISTINCT `org_id` FROM `crm_thing` WHERE `due` <= ? ORDER BY 1 ASC LIMIT ?
-- [Integer(9), Integer(10)]

-- organisation by id, behind
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` > ? ORDER BY `x`.`id` ASC LIMIT ?
-- [Text("o"), Text("i9"), Integer(20)]

-- count: organisation by id, behind
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? LIMIT ?) AS `s`
-- [Text("o"), Integer(100)]

-- organisation by the beginning of ids
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` > ? AND `x`.`id` < ? ORDER BY `x`.`id` ASC LIMIT ?
-- [Text("o"), Text("i9\u{1f}"), Text("i9 "), Integer(20)]

-- count: organisation by the beginning of ids
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? LIMIT ?) AS `s`
-- [Text("o"), Integer(100)]

-- organisation by rank, filtered, behind
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND (`x`.`rank` <= ? AND (`x`.`rank` < ? OR (`x`.`rank` = ? AND `x`.`id` < ?))) AND `x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0)) ORDER BY `x`.`rank` DESC, `x`.`id` DESC LIMIT ?
-- [Text("o"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: organisation by rank, filtered, behind
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT (CASE WHEN (`x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0))) THEN 1 END) AS `hit` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? LIMIT ?) AS `s`
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Integer(100)]

-- one owner by rank, filtered, behind
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = ? AND (`x`.`rank` >= ? AND (`x`.`rank` > ? OR (`x`.`rank` = ? AND `x`.`id` > ?))) AND `x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0)) ORDER BY `x`.`rank` ASC, `x`.`id` ASC LIMIT ?
-- [Text("o"), Text("u1"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20)]

-- count: one owner by rank, filtered, behind
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT (CASE WHEN (`x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0))) THEN 1 END) AS `hit` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = ? LIMIT ?) AS `s`
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("o"), Text("u1"), Integer(100)]

-- two owners by rank, filtered, behind
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM (SELECT `r`.`rank`, `r`.`id` FROM (SELECT `v`.`value` AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` AND (`x`.`rank` <= ? AND (`x`.`rank` < ? OR (`x`.`rank` = ? AND `x`.`id` < ?))) AND `x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0)) ORDER BY `x`.`rank` DESC, `x`.`id` DESC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`rank` DESC, `h`.`id` DESC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `b`.`s` AND (`x`.`rank` <= ? AND (`x`.`rank` < ? OR (`x`.`rank` = ? AND `x`.`id` < ?))) AND `x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0)) ORDER BY `x`.`rank` DESC, `x`.`id` DESC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`rank` DESC, `r`.`id` DESC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`rank` DESC, `p`.`id` DESC LIMIT ?
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(1), Integer(20), Text("o"), Integer(5), Integer(5), Integer(5), Text("i9"), Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by rank, filtered, behind
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT (CASE WHEN (`x`.`level` >= ? AND (NOT `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`)) AND (LOCATE(?, `x`.`name`) > (0) OR `x`.`label` = ? OR (1 = 0))) THEN 1 END) AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` LIMIT ?) AS `s`
-- [Integer(2), Text("[7,8]"), Bytes([229, 188]), Text("a"), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by rank, related
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM (SELECT `r`.`rank`, `r`.`id` FROM (SELECT `v`.`value` AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` AND EXISTS(SELECT 1 FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id` AND `r`.`level` = ?) AND (NOT (SELECT COALESCE(SUM(`r`.`due`), 0) FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id`) > ?) ORDER BY `x`.`rank` ASC, `x`.`id` ASC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`rank` ASC, `h`.`id` ASC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `b`.`s` AND EXISTS(SELECT 1 FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id` AND `r`.`level` = ?) AND (NOT (SELECT COALESCE(SUM(`r`.`due`), 0) FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id`) > ?) ORDER BY `x`.`rank` ASC, `x`.`id` ASC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`rank` ASC, `r`.`id` ASC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`rank` ASC, `p`.`id` ASC LIMIT ?
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(1), Integer(20), Text("o"), Text("o"), Integer(1), Text("o"), Integer(7), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by rank, related
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT (CASE WHEN (EXISTS(SELECT 1 FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id` AND `r`.`level` = ?) AND (NOT (SELECT COALESCE(SUM(`r`.`due`), 0) FROM `crm_thing` AS `r` WHERE `r`.`org_id` = ? AND `r`.`owner` = `x`.`id`) > ?)) THEN 1 END) AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` LIMIT ?) AS `s`
-- [Text("o"), Integer(1), Text("o"), Integer(7), Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two owners by id
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM (SELECT `r`.`id` FROM (SELECT `v`.`value` AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` ORDER BY `x`.`id` ASC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`id` ASC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `b`.`s` ORDER BY `x`.`id` ASC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`id` ASC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`id` ASC LIMIT ?
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by id
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` LIMIT ?) AS `s`
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two groups by name
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM (SELECT `r`.`name`, `r`.`id` FROM (SELECT unhex(`v`.`value`) AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(510) PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`name`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`grp` = unhex(`v`.`value`) ORDER BY `x`.`name` ASC, `x`.`id` ASC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`name` ASC, `h`.`id` ASC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`name`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`grp` = `b`.`s` ORDER BY `x`.`name` ASC, `x`.`id` ASC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`name` ASC, `r`.`id` ASC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`name` ASC, `p`.`id` ASC LIMIT ?
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two groups by name
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(510) PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`grp` = unhex(`v`.`value`) LIMIT ?) AS `s`
-- [Text("[\"01\",\"\"]"), Text("o"), Integer(100)]

-- two owners by label
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM (SELECT `r`.`label`, `r`.`id` FROM (SELECT `v`.`value` AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`label`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` ORDER BY `x`.`label` DESC, `x`.`id` DESC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`label` DESC, `h`.`id` DESC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`label`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `b`.`s` ORDER BY `x`.`label` DESC, `x`.`id` DESC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`label` DESC, `r`.`id` DESC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`label` DESC, `p`.`id` DESC LIMIT ?
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- count: two owners by label
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` LIMIT ?) AS `s`
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(100)]

-- two levels by due, which no index serves
SELECT `x`.`id`, `x`.`version`, `x`.`owner`, `x`.`rank`, `x`.`name`, `x`.`label`, `x`.`level`, `x`.`due`, `x`.`grp`, `x`.`body` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`level` IN (SELECT `v`.`value` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v`) ORDER BY `x`.`due` ASC, `x`.`id` ASC LIMIT ?
-- [Text("o"), Text("[1,2]"), Integer(20)]

-- count: two levels by due, which no index serves
SELECT COUNT(*), COUNT(`s`.`hit`) FROM (SELECT 1 AS `hit` FROM JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`level` = `v`.`value` LIMIT ?) AS `s`
-- [Text("[1,2]"), Text("o"), Integer(100)]

-- columns of two owners by rank
SELECT `x`.`id`, `x`.`label`, `x`.`rank` FROM (SELECT `r`.`rank`, `r`.`id` FROM (SELECT `v`.`value` AS `s` FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` ORDER BY `x`.`rank` DESC, `x`.`id` DESC LIMIT ?) AS `h` ON TRUE ORDER BY `h`.`rank` DESC, `h`.`id` DESC LIMIT ?) AS `b` INNER JOIN LATERAL (SELECT `x`.`rank`, `x`.`id` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `b`.`s` ORDER BY `x`.`rank` DESC, `x`.`id` DESC LIMIT ?) AS `r` ON TRUE ORDER BY `r`.`rank` DESC, `r`.`id` DESC LIMIT ?) AS `p` INNER JOIN `crm_thing` AS `x` ON `x`.`org_id` = ? AND `x`.`id` = `p`.`id` ORDER BY `p`.`rank` DESC, `p`.`id` DESC LIMIT ?
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(20), Text("o"), Integer(20), Integer(20), Text("o"), Integer(20)]

-- sums of everything
SELECT `x`.`owner`, `x`.`name`, CAST(SUM(`x`.`level`) AS SIGNED), CAST(SUM(`x`.`due`) AS SIGNED) FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? GROUP BY `x`.`owner`, `x`.`name` ORDER BY 1 ASC, 2 ASC
-- [Text("o")]

-- sums of everything, in one
SELECT CAST(SUM(`x`.`level`) AS SIGNED) FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? HAVING COUNT(*) > 0
-- [Text("o")]

-- sums of an owner
SELECT `x`.`owner`, `x`.`name`, CAST(SUM(`x`.`level`) AS SIGNED), CAST(SUM(`x`.`due`) AS SIGNED) FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = ? GROUP BY `x`.`owner`, `x`.`name` ORDER BY 1 ASC, 2 ASC
-- [Text("o"), Text("u1")]

-- sums of an owner, in one
SELECT CAST(SUM(`x`.`level`) AS SIGNED) FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = ? HAVING COUNT(*) > 0
-- [Text("o"), Text("u1")]

-- sums of two owners within ranks
SELECT `x`.`owner`, `x`.`name`, CAST(SUM(`x`.`level`) AS SIGNED), CAST(SUM(`x`.`due`) AS SIGNED) FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` AND `x`.`rank` >= ? AND `x`.`rank` <= ? GROUP BY `x`.`owner`, `x`.`name` ORDER BY 1 ASC, 2 ASC
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- sums of two owners within ranks, in one
SELECT CAST(SUM(`x`.`level`) AS SIGNED) FROM JSON_TABLE(?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')) AS `v` CROSS JOIN `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`owner` = `v`.`value` AND `x`.`rank` >= ? AND `x`.`rank` <= ? HAVING COUNT(*) > 0
-- [Text("[\"u1\",\"u2\"]"), Text("o"), Integer(1), Integer(9)]

-- insert without columns
INSERT IGNORE INTO `crm_note` (`org_id`, `id`, `version`, `body`) VALUES (?, ?, 1, ?)
-- [Text("o"), Text("n"), Text("{}")]

-- put without columns
INSERT INTO `crm_note` (`org_id`, `id`, `version`, `body`) VALUES (?, ?, 1, ?) ON DUPLICATE KEY UPDATE `body` = VALUES(`body`), `version` = `crm_note`.`version` + 1
-- [Text("o"), Text("n"), Text("{}")]

-- insert two
INSERT IGNORE INTO `crm_note` (`org_id`, `id`, `version`, `body`) VALUES (?, ?, 1, ?), (?, ?, 1, ?)
-- [Text("o"), Text("n"), Text("{}"), Text("o"), Text("m"), Text("{}")]

-- delete two
DELETE FROM `crm_note` WHERE `org_id` = ? AND `version` = ? AND `id` IN (?, ?)
-- [Text("o"), Integer(1), Text("k"), Text("m")]

-- reads of two kinds
SELECT 0, `x`.`version`, `x`.`rank`, `x`.`level`, `x`.`due`, `x`.`id`, `x`.`owner`, `x`.`label`, `x`.`body`, `x`.`name`, `x`.`grp` FROM `crm_thing` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` IN (?, ?) UNION ALL SELECT 1, `x`.`version`, 0, 0, 0, `x`.`id`, `x`.`body`, '', '', x'', x'' FROM `crm_note` AS `x` WHERE `x`.`org_id` = ? AND `x`.`id` IN (?)
-- [Text("o"), Text("i1"), Text("i2"), Text("o"), Text("n")]

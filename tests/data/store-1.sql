-- What version 1 of the store wrote, so that later ones are known to read it (tests/unit/test_store.c). Never changed.
BEGIN TRANSACTION;
CREATE TABLE change (id INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL, expect TEXT NOT NULL, opened INTEGER NOT NULL, until INTEGER NOT NULL, closed INTEGER NOT NULL DEFAULT 0, happened INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "change" VALUES(1,'CHG-1','opened 4/tcp',1767225600,1767400000,0,0);
CREATE TABLE history (series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, record TEXT NOT NULL) STRICT;
INSERT INTO "history" VALUES(1,1,1,'{"type":"listener","transport":"tcp","address":"0.0.0.0","port":1,"netns":"host","processes":[{"exe":"/usr/sbin/daemon-1"}]}');
INSERT INTO "history" VALUES(1,1,NULL,'{"type":"listener","transport":"tcp","address":"0.0.0.0","port":2,"netns":"host","processes":[{"exe":"/usr/sbin/daemon-2"}]}');
INSERT INTO "history" VALUES(1,1,NULL,'{"type":"listener","transport":"tcp","address":"0.0.0.0","port":3,"netns":"host","processes":[{"exe":"/usr/sbin/daemon-3"}]}');
INSERT INTO "history" VALUES(1,2,NULL,'{"type":"listener","transport":"tcp","address":"0.0.0.0","port":4,"netns":"host","processes":[{"exe":"/usr/sbin/daemon-4"}]}');
CREATE TABLE look (id INTEGER PRIMARY KEY, head TEXT NOT NULL UNIQUE, hostname TEXT, complete INTEGER NOT NULL) STRICT;
INSERT INTO "look" VALUES(1,'{"type":"summary","schema":1,"hostname":"web1","complete":true,"incomplete":[],"listeners":0,"services":null}
','web1',1);
CREATE TABLE series (id INTEGER PRIMARY KEY, asset TEXT NOT NULL, vantage TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (asset, vantage, kind)) STRICT;
INSERT INTO "series" VALUES(1,'machine:1','inside','');
CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER NOT NULL, time INTEGER NOT NULL, look INTEGER NOT NULL, items INTEGER NOT NULL, name TEXT) STRICT;
INSERT INTO "snapshot" VALUES(1,1,1767225600,1,3,'first');
INSERT INTO "snapshot" VALUES(2,1,1767312000,1,3,NULL);
CREATE UNIQUE INDEX snapshot_name ON snapshot (name) WHERE name IS NOT NULL;
CREATE INDEX history_series ON history (series, first);
CREATE INDEX history_open ON history (series) WHERE last IS NULL;
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 1364022100;

-- Small numbers that must outlive a restart:
--   clean    1 after a clean stop, 0 while somebody writes
--   lived    milliseconds that the store has been open, all runs together; every age and hold is counted in it, no date is
--   rev      claims with a greater Rev have not been granted yet
create table meta (
	name  text primary key,
	value integer not null
) strict, without rowid;

insert into meta (name, value) values ('clean', 1), ('lived', 0), ('rev', 0);

-- A room has at least one entry. Entries before first are trimmed: no longer shown, known by their ids for a while.
create table room (
	id    integer primary key,
	name  text not null unique,
	first integer not null,
	sum   blob not null
) strict;

-- One line of a room's log, in the order of its commit. sum is a CRC-32C over the other columns but pk.
-- erased = 1: the body is zeros of its former length. A trimmed entry has neither body nor sum.
create table entry (
	pk     integer primary key,
	room   integer not null,
	seq    integer not null,
	sender text not null,
	id     text not null,
	kind   text not null,
	time   integer not null, -- milliseconds since 1970, UTC
	claim  integer not null,
	v      integer not null,
	erased integer not null,
	sum    blob not null,
	body   blob
) strict;

create unique index entry_seq on entry (room, seq);
-- The id comes first: ids are UUIDv7 by habit, which grow with time, so that the entries of one commit are neighbours here.
create unique index entry_id on entry (id, sender, room);

-- What a trim still has to do: drop bodies of entries with cleared <= seq < below, then, when lived has come to due, the entries.
create table trim (
	id      integer primary key,
	room    integer not null,
	below   integer not null,
	cleared integer not null,
	due     integer not null
) strict;

-- Who holds a name. ends is null while connected, else the lived at which the hold is over.
create table claim (
	rev      integer primary key,
	name     text not null,
	fold     text not null,
	key0     text not null,
	key1     text not null,
	verifier blob,
	hold     integer not null, -- milliseconds
	ends     integer,
	sum      blob not null
) strict;

-- Last values: device state, read marks. put is the lived at which the value came.
create table value (
	kind  text not null,
	key   text not null,
	value blob not null,
	put   integer not null,
	sum   blob not null,
	primary key (kind, key)
) strict, without rowid;

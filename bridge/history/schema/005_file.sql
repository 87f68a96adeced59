-- What members have uploaded: what it is, and the SHA-256 of its content, which lies in a file of its own. put is the lived at
-- which it came. loose is null while an entry holds it, else the lived from which on it may go. sum leaves loose out.
create table file (
	id     text primary key,
	sha256 text not null, -- hexadecimal
	owner  text not null, -- who uploaded it
	name   text not null,
	type   text not null,
	size   integer not null,
	width  integer not null,
	height integer not null,
	put    integer not null,
	loose  integer,
	sum    blob not null
) strict, without rowid;

create index file_sha256 on file (sha256, size);
create index file_put on file (put);
create index file_loose on file (loose) where loose is not null;

-- Which entries hold a file.
create table attached (
	file text not null,
	room integer not null,
	seq  integer not null,
	primary key (file, room, seq)
) strict, without rowid;

create index attached_entry on attached (room, seq);

-- Which entries refer to an earlier one of their room: edits of it, reactions to it, its deletion.
create table refer (
	room   integer not null,
	target integer not null, -- seq of the earlier one
	seq    integer not null, -- of the one that refers to it
	primary key (room, target, seq)
) strict, without rowid;

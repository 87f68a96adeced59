-- sender is set for what each sender has one of about an entry, such as a vote; past = 1: there is a later one of that sender.
alter table refer add column sender text not null default '';
alter table refer add column past integer not null default 0;
create index refer_sole on refer (room, target, sender) where sender <> '' and past = 0;

-- Entries that are looked for by what they are: pins, raised hands.
create table listed (
	room integer not null,
	list text not null,
	seq  integer not null,
	primary key (room, list, seq)
) strict, without rowid;

-- Who holds a name beyond its Rev, which ends with the hold; and whether it is kept for good.
alter table claim add column ident text not null default '';
alter table claim add column kept integer not null default 0;

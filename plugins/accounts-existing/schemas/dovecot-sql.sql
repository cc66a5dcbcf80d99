-- Tables in the style of Dovecot's documentation: the parts of the address in columns of their own, and aliases beside
-- them, which only Postfix reads.

create table virtual_domains (
  id integer not null primary key,
  name varchar(191) not null unique
) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_general_ci;

create table users (
  userid varchar(128) not null,
  domain varchar(191) not null,
  password varchar(255),
  full_name varchar(128),
  home varchar(255) not null default '',
  uid int not null default 5000,
  gid int not null default 5000,
  quota_rule varchar(64),
  enabled char(1) not null default 'Y',
  primary key (userid, domain)
) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_general_ci;

create table virtual_aliases (
  id integer not null primary key,
  source varchar(191) not null,
  destination varchar(255) not null
) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_general_ci;

create index virtual_aliases_source on virtual_aliases (source);

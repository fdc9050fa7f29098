/** A set-up script of our own, in the manner of such scripts: another delimiter, tables, a procedure, a trigger. SAP's is SAP's. */
export const SET_UP_SCRIPT = `
-- Tables that a set-up is known by.

delimiter //

create table ml_user ( user_id integer not null auto_increment, name varchar( 128 ) not null unique, primary key ( user_id ) )
//
create table ml_database ( rid integer not null primary key )
//
create table ml_subscription ( rid integer not null primary key )
//
create table ml_script ( script_id integer not null primary key )
//
create table ml_script_version ( version_id integer not null primary key, name varchar( 128 ) )
//
create table ml_table ( table_id integer not null primary key )
//
create table ml_table_script ( version_id integer not null primary key )
//
create table ml_connection_script ( version_id integer not null primary key )
//
create table ml_ldap_server ( ldsrv_id integer not null primary key )
//
create procedure ml_add_user ( in the_name varchar( 128 ) )
begin
    if not exists ( select * from ml_user where name = the_name ) then
	insert into ml_user ( name ) values ( the_name );
    end if;
end;
//
commit
//
`;

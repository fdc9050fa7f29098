-- What makes the database of a store a remote. Applied once; to change something, add store-2.sql.
CREATE TABLE sale (
  store VARCHAR(40) NOT NULL,
  number BIGINT NOT NULL DEFAULT AUTOINCREMENT,
  sold_at TIMESTAMP NOT NULL DEFAULT CURRENT UTC TIMESTAMP,
  amount NUMERIC(12,2) NOT NULL,
  PRIMARY KEY (store, number)
)
go
CREATE TABLE price (
  article VARCHAR(40) NOT NULL PRIMARY KEY,
  amount NUMERIC(12,2) NOT NULL
)
go
CREATE PUBLICATION sales (TABLE sale)
go
CREATE PUBLICATION prices (TABLE price)
go
CREATE SYNCHRONIZATION USER "{{MOBILINK_USER}}"
go
CREATE SYNCHRONIZATION SUBSCRIPTION sales_of_store TO sales FOR "{{MOBILINK_USER}}" SCRIPT VERSION 'store-1'
go
CREATE SYNCHRONIZATION SUBSCRIPTION prices_of_store TO prices FOR "{{MOBILINK_USER}}" SCRIPT VERSION 'store-1'
go
CREATE SYNCHRONIZATION PROFILE sales 'Subscription=sales_of_store'
go
CREATE SYNCHRONIZATION PROFILE prices 'Subscription=prices_of_store;DownloadOnly=ON'
go
GRANT SELECT, INSERT, UPDATE, DELETE ON sale TO "{{SYNC_USER}}"
go
GRANT SELECT, INSERT, UPDATE, DELETE ON price TO "{{SYNC_USER}}"
go

CREATE TABLE two_factor_record (
  key text COLLATE "C" PRIMARY KEY, -- compared to the byte, whatever the collation of the database
  version text NOT NULL,
  body bytea NOT NULL,
  expires_at bigint -- ms since 1970; null: never
);

CREATE INDEX two_factor_record_expires_at ON two_factor_record (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS "user" (
    "number" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'editor' CHECK ("role" IN ('admin', 'editor')),
    "password_hash" TEXT NOT NULL,
    "password_version" INTEGER NOT NULL DEFAULT 1,
    "sessions_version" INTEGER NOT NULL DEFAULT 1,
    "two_factor_generation" BIGINT NOT NULL DEFAULT 0,
    "api_key" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE UNIQUE INDEX IF NOT EXISTS "user_id_key" ON "user"("id");

CREATE UNIQUE INDEX IF NOT EXISTS "user_email_key" ON "user"("email");

CREATE TABLE IF NOT EXISTS "setting" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL CHECK (json_valid("value"))
);

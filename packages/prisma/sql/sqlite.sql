CREATE TABLE "two_factor_record" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "version" TEXT NOT NULL,
    "body" BLOB NOT NULL,
    "expires_at" DATETIME,
    "subject" TEXT,
    "enabled" BOOLEAN,
    "methods" TEXT,
    "recovery_codes_left" INTEGER
);

CREATE INDEX "two_factor_record_expires_at_idx" ON "two_factor_record"("expires_at");

CREATE INDEX "two_factor_record_subject_idx" ON "two_factor_record"("subject");

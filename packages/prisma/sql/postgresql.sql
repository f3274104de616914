CREATE TABLE "two_factor_record" (
    "key" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "body" BYTEA NOT NULL,
    "expires_at" TIMESTAMP(3),
    "subject" TEXT,
    "enabled" BOOLEAN,
    "methods" TEXT,
    "recovery_codes_left" INTEGER,

    CONSTRAINT "two_factor_record_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "two_factor_record_expires_at_idx" ON "two_factor_record"("expires_at");

CREATE INDEX "two_factor_record_subject_idx" ON "two_factor_record"("subject");

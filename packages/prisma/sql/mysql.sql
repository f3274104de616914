CREATE TABLE `two_factor_record` (
    `key` VARCHAR(191) NOT NULL,
    `version` VARCHAR(191) NOT NULL,
    `body` LONGBLOB NOT NULL,
    `expires_at` DATETIME(3) NULL,
    `subject` VARCHAR(256) NULL,
    `enabled` BOOLEAN NULL,
    `methods` VARCHAR(191) NULL,
    `recovery_codes_left` INTEGER NULL,

    INDEX `two_factor_record_expires_at_idx`(`expires_at`),
    INDEX `two_factor_record_subject_idx`(`subject`),
    PRIMARY KEY (`key`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace DataLake.Ledger.Database.Migrations;

/// <summary>Runs, definitions, schedules, catalog and notices. Written by hand, in the SQL that the database keeps.</summary>
[DbContext(typeof(LedgerContext))]
[Migration("001_foundation")]
internal sealed class Migration_001_Foundation : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE TABLE datalake.definitions (
            pipeline text NOT NULL,
            version integer NOT NULL,
            hash text NOT NULL,
            text text NOT NULL,
            file_name text NOT NULL,
            applied_at timestamptz NOT NULL,
            removed_at timestamptz,
            PRIMARY KEY (pipeline, version)
        );

        CREATE TABLE datalake.runs (
            id uuid PRIMARY KEY,
            pipeline text NOT NULL,
            table_name text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('Incremental', 'Full', 'Backfill')),
            window_from timestamptz NOT NULL,
            window_to timestamptz NOT NULL,
            backfill_id uuid NOT NULL,
            definition_version integer NOT NULL,
            status text NOT NULL CHECK (status IN ('Planned', 'Extracting', 'Extracted', 'Committed', 'Failed')),
            attempt integer NOT NULL,
            failed_attempts integer NOT NULL,
            lease_owner text,
            lease_until timestamptz,
            planned_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            dispatched_at timestamptz,
            started_at timestamptz,
            extracted_at timestamptz,
            finished_at timestamptz,
            rows bigint NOT NULL,
            bytes bigint NOT NULL,
            file_count integer NOT NULL,
            source_lsn text,
            snapshot_id bigint,
            error text,
            trace_parent text,
            CHECK (window_from < window_to),
            FOREIGN KEY (pipeline, definition_version) REFERENCES datalake.definitions (pipeline, version)
        );
        -- A run is unique by pipeline, table and window; a backfill is a reason of its own to read a window again.
        CREATE UNIQUE INDEX runs_window ON datalake.runs (pipeline, table_name, kind, window_from, window_to, backfill_id);
        CREATE INDEX runs_open ON datalake.runs (status, due_at) WHERE status <> 'Committed';
        CREATE INDEX runs_by_table ON datalake.runs (pipeline, table_name, window_to);
        CREATE INDEX runs_by_time ON datalake.runs (planned_at);

        CREATE TABLE datalake.run_attempts (
            run_id uuid NOT NULL REFERENCES datalake.runs (id),
            number integer NOT NULL,
            worker text NOT NULL,
            started_at timestamptz NOT NULL,
            ended_at timestamptz,
            outcome text NOT NULL,
            error text,
            PRIMARY KEY (run_id, number)
        );

        CREATE TABLE datalake.run_files (
            run_id uuid NOT NULL REFERENCES datalake.runs (id),
            number integer NOT NULL,
            attempt integer NOT NULL,
            path text NOT NULL UNIQUE,
            rows bigint NOT NULL,
            bytes bigint NOT NULL,
            content_hash text NOT NULL,
            sha256 text NOT NULL,
            PRIMARY KEY (run_id, number)
        );

        CREATE TABLE datalake.table_schedules (
            pipeline text NOT NULL,
            table_name text NOT NULL,
            last_tick_at timestamptz,
            failing_since timestamptz,
            error text,
            late_since timestamptz,
            PRIMARY KEY (pipeline, table_name)
        );

        CREATE TABLE datalake.backfills (
            id uuid PRIMARY KEY,
            pipeline text NOT NULL,
            table_name text NOT NULL,
            range_from timestamptz NOT NULL,
            range_to timestamptz NOT NULL,
            requested_at timestamptz NOT NULL,
            planned_at timestamptz,
            error text,
            CHECK (range_from < range_to)
        );

        CREATE TABLE datalake.lake_tables (
            id uuid PRIMARY KEY,
            pipeline text NOT NULL,
            table_name text NOT NULL,
            maintenance_due_at timestamptz,
            orphans_removed_at timestamptz,
            UNIQUE (pipeline, table_name)
        );
        CREATE INDEX lake_tables_due ON datalake.lake_tables (maintenance_due_at);
        CREATE TABLE datalake.table_maintenance (
            id uuid PRIMARY KEY,
            table_id uuid NOT NULL REFERENCES datalake.lake_tables (id),
            operation text NOT NULL,
            reason text NOT NULL,
            started_at timestamptz NOT NULL,
            ended_at timestamptz,
            result text,
            error text
        );
        CREATE INDEX table_maintenance_by_table ON datalake.table_maintenance (table_id, started_at);
        CREATE TABLE datalake.lake_columns (
            table_id uuid NOT NULL REFERENCES datalake.lake_tables (id),
            field_id integer NOT NULL,
            element_id integer,
            name text NOT NULL,
            position integer NOT NULL,
            source_type text NOT NULL,
            nullable boolean NOT NULL,
            source_relation bigint NOT NULL,
            source_number integer NOT NULL,
            dropped_at timestamptz,
            PRIMARY KEY (table_id, field_id),
            UNIQUE (table_id, element_id)
        );
        CREATE TABLE datalake.notices (
            id uuid PRIMARY KEY,
            event text NOT NULL,
            notice_key text NOT NULL UNIQUE,
            pipeline text NOT NULL,
            table_name text NOT NULL,
            run_id uuid REFERENCES datalake.runs (id),
            definition_version integer NOT NULL,
            raised_at timestamptz NOT NULL,
            text text NOT NULL,
            dispatched_at timestamptz,
            done_at timestamptz
        );
        CREATE INDEX notices_by_run ON datalake.notices (run_id);
        CREATE INDEX notices_open ON datalake.notices (raised_at) WHERE done_at IS NULL;
        CREATE TABLE datalake.notice_deliveries (
            notice_id uuid NOT NULL REFERENCES datalake.notices (id),
            channel text NOT NULL,
            tries integer NOT NULL,
            sent_at timestamptz,
            given_up_at timestamptz,
            due_at timestamptz NOT NULL,
            error text,
            PRIMARY KEY (notice_id, channel)
        );

        -- Pointers to Iceberg tables, in the layout of the JDBC catalog, types included: other programs read and write them with this schema as their search path.
        CREATE SCHEMA IF NOT EXISTS iceberg;
        CREATE TABLE IF NOT EXISTS iceberg.iceberg_tables (
            catalog_name varchar(255) NOT NULL,
            table_namespace varchar(255) NOT NULL,
            table_name varchar(255) NOT NULL,
            metadata_location varchar(1000),
            previous_metadata_location varchar(1000),
            iceberg_type varchar(5),
            PRIMARY KEY (catalog_name, table_namespace, table_name)
        );
        CREATE TABLE IF NOT EXISTS iceberg.iceberg_namespace_properties (
            catalog_name varchar(255) NOT NULL,
            namespace varchar(255) NOT NULL,
            property_key varchar(255) NOT NULL,
            property_value varchar(1000),
            PRIMARY KEY (catalog_name, namespace, property_key)
        );
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("The ledger is not migrated backwards; restore a backup instead.");
}

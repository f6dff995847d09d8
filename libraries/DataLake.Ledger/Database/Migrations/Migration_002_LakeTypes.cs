using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace DataLake.Ledger.Database.Migrations;

/// <summary>What the lake keeps columns as, so that a table can be made before it has rows.</summary>
[DbContext(typeof(LedgerContext))]
[Migration("002_lake_types")]
internal sealed class Migration_002_LakeTypes : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        ALTER TABLE datalake.lake_columns
            ADD COLUMN lake_type text,
            ADD COLUMN is_list boolean NOT NULL DEFAULT false;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("The ledger is not migrated backwards; restore a backup instead.");
}

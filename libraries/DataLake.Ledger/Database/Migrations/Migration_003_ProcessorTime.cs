using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace DataLake.Ledger.Database.Migrations;

/// <summary>What a run's extraction cost its machine.</summary>
[DbContext(typeof(LedgerContext))]
[Migration("003_processor_time")]
internal sealed class Migration_003_ProcessorTime : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE datalake.runs ADD COLUMN cpu_seconds double precision");

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("The ledger is not migrated backwards; restore a backup instead.");
}

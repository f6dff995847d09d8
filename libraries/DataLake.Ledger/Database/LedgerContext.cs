using System.Text.RegularExpressions;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Database;

/// <summary>The ledger: what is planned, done and told. All of it lies in the schema <c>datalake</c>.</summary>
public sealed partial class LedgerContext(DbContextOptions<LedgerContext> options) : DbContext(options)
{
    /// <summary>The schema of every table of the ledger.</summary>
    public const string Schema = "datalake";

    /// <summary>Runs.</summary>
    public DbSet<Run> Runs => Set<Run>();

    /// <summary>Attempts of runs.</summary>
    public DbSet<RunAttempt> Attempts => Set<RunAttempt>();

    /// <summary>Files of runs, with their receipts.</summary>
    public DbSet<RunFile> Files => Set<RunFile>();

    /// <summary>Definitions as applied.</summary>
    public DbSet<AppliedDefinition> Definitions => Set<AppliedDefinition>();

    /// <summary>What the scheduler remembers.</summary>
    public DbSet<TableSchedule> Schedules => Set<TableSchedule>();

    /// <summary>Backfills asked for.</summary>
    public DbSet<Backfill> Backfills => Set<Backfill>();

    /// <summary>Tables of the lake.</summary>
    public DbSet<LakeTable> Tables => Set<LakeTable>();

    /// <summary>Their columns.</summary>
    public DbSet<LakeColumn> Columns => Set<LakeColumn>();

    /// <summary>Maintenance done to them.</summary>
    public DbSet<TableMaintenance> Maintenance => Set<TableMaintenance>();

    /// <summary>Notices.</summary>
    public DbSet<Notice> Notices => Set<Notice>();

    /// <summary>Deliveries of notices.</summary>
    public DbSet<NoticeDelivery> Deliveries => Set<NoticeDelivery>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.Entity<Run>(run =>
        {
            run.ToTable("runs").HasKey(row => row.Id);
            run.Ignore(row => row.Window);
        });
        modelBuilder.Entity<RunAttempt>().ToTable("run_attempts").HasKey(row => new { row.RunId, row.Number });
        modelBuilder.Entity<RunFile>().ToTable("run_files").HasKey(row => new { row.RunId, row.Number });
        modelBuilder.Entity<AppliedDefinition>().ToTable("definitions").HasKey(row => new { row.Pipeline, row.Version });
        modelBuilder.Entity<TableSchedule>().ToTable("table_schedules").HasKey(row => new { row.Pipeline, row.Table });
        modelBuilder.Entity<Backfill>().ToTable("backfills").HasKey(row => row.Id);
        modelBuilder.Entity<LakeTable>().ToTable("lake_tables").HasKey(row => row.Id);
        modelBuilder.Entity<LakeColumn>().ToTable("lake_columns").HasKey(row => new { row.TableId, row.FieldId });
        modelBuilder.Entity<TableMaintenance>().ToTable("table_maintenance").HasKey(row => row.Id);
        modelBuilder.Entity<Notice>().ToTable("notices").HasKey(row => row.Id);
        modelBuilder.Entity<NoticeDelivery>().ToTable("notice_deliveries").HasKey(row => new { row.NoticeId, row.Channel });

        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            // "table" and "key" are words of SQL.
            property.SetColumnName(property.Name switch
            {
                "Table" => "table_name",
                "Key" => "notice_key",
                var name => WordStart().Replace(name, "_$0").ToLowerInvariant(),
            });
            if (property.ClrType.IsEnum)
            {
                property.SetProviderClrType(typeof(string));
            }

            property.ValueGenerated = Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.Never;
        }
    }

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]")]
    private static partial Regex WordStart();
}

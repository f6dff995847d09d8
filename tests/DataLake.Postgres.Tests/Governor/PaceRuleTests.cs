using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Governor;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Governor;

public sealed class PaceRuleTests
{
    private static readonly SourceLimits Limits = DefinitionDefaults.Limits with { ActiveSessions = 10, LockWaits = 2, ReplicaLag = TimeSpan.FromSeconds(30) };

    [Fact]
    public void Each_measure_above_its_limit_is_a_reason_to_wait_and_is_told_with_its_figures()
    {
        Reason(11, 0, null).ShouldBe("11 active sessions (limit 10)");
        Reason(0, 3, null).ShouldBe("3 sessions wait for a lock (limit 2)");
        Reason(0, 0, 30.5).ShouldBe("a replica lag of 30.5 s (limit 30 s)");
        Reason(11, 3, 31).ShouldBe("11 active sessions (limit 10), 3 sessions wait for a lock (limit 2), a replica lag of 31 s (limit 30 s)");
        Reason(10, 2, 30).ShouldBeNull();
        Reason(10, 2, null).ShouldBeNull();
    }

    [Fact]
    public void The_way_back_goes_step_by_step_and_only_well_below_the_limits()
    {
        var rule = new PaceRule(Limits);
        Take(rule, 11).ShouldBe(Pace.Wait);
        Take(rule, 10).ShouldBe(Pace.Wait);
        Take(rule, 9).ShouldBe(Pace.Wait);
        Take(rule, 8).ShouldBe(Pace.Slow);
        Take(rule, 9).ShouldBe(Pace.Slow);
        Take(rule, 8).ShouldBe(Pace.Full);
        Take(rule, 10).ShouldBe(Pace.Full);
        Take(rule, 11).ShouldBe(Pace.Wait);
        Take(rule, 0).ShouldBe(Pace.Slow);
        Take(rule, 11).ShouldBe(Pace.Wait);
    }

    [Fact]
    public void A_limit_of_no_lock_waits_at_all_can_be_kept()
    {
        var rule = new PaceRule(Limits with { LockWaits = 0 });
        rule.Take(new SourceLoad(0, 0, null, [], false)).ShouldBeNull();
        rule.Take(new SourceLoad(0, 1, null, [], false))!.To.ShouldBe(Pace.Wait);
        rule.Take(new SourceLoad(0, 0, null, [], false))!.To.ShouldBe(Pace.Slow);
    }

    private static Pace Take(PaceRule rule, int activeSessions)
    {
        rule.Take(new SourceLoad(activeSessions, 0, null, [], false));
        return rule.Pace;
    }

    private static string? Reason(int activeSessions, int lockWaits, double? lag) =>
        new PaceRule(Limits).Take(new SourceLoad(activeSessions, lockWaits, lag is { } seconds ? TimeSpan.FromSeconds(seconds) : null, [], false))?.Reason;
}

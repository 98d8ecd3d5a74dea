using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Access.Policies;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Policies;

namespace Portcullis.Tests.Server.Configuration.Policies;

public sealed class PolicyFileTests : IDisposable
{
    private const string Reader = "roles: { reader: [ 'git:x:pull' ] }\n";

    private readonly ConfigurationFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow.AddMinutes(1));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_changed_policy_is_in_force_without_a_restart()
    {
        var path = _folder.Write("policy.yaml", Reader);
        using var file = Open(path);
        Assert.Equal(["reader"], file.Current.RoleNames);
        Change(path, "roles: { writer: [ 'git:x:push' ] }");
        Assert.Equal(["writer"], file.Current.RoleNames);
        Assert.Empty(file.Problems);
    }

    [Fact]
    public void A_broken_policy_is_refused_with_its_place_and_the_last_good_one_stays()
    {
        var path = _folder.Write("policy.yaml", Reader);
        using var file = Open(path);
        var good = file.Current;
        Change(path, "roles:\n  reader: [ 'git:x:pul' ]\n  other: [");
        Assert.Same(good, file.Current);
        Assert.StartsWith(path + ":", file.Problems[0].ToString(), StringComparison.Ordinal);
        Change(path, "roles:\n  reader: [ 'git:x:pul' ]\n");
        Assert.Same(good, file.Current);
        Assert.StartsWith($"{path}:2:13: 'pul' is no action", Assert.Single(file.Problems).ToString(), StringComparison.Ordinal);
        Change(path, Reader);
        Assert.Empty(file.Problems);
        Assert.Equal(["reader"], file.Current.RoleNames);
    }

    [Fact]
    public void A_file_that_is_being_written_is_not_read()
    {
        var path = _folder.Write("policy.yaml", Reader);
        using var file = Open(path);
        var good = file.Current;
        // Each look finds a new stamp: the writer is at work, and what is there is a shorter policy, yet well-formed.
        for (var i = 0; i < 5; i++)
        {
            Write(path, "roles: {}" + new string('\n', i));
            _time.Advance(TimeSpan.FromMilliseconds(500));
            Assert.Same(good, file.Current);
        }
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Empty(file.Current.RoleNames);
    }

    [Fact]
    public void A_change_under_the_same_stamp_shortly_after_reading_is_seen()
    {
        var path = _folder.Write("policy.yaml", Reader);
        using var file = Open(path);
        var stamp = _time.GetUtcNow().UtcDateTime;
        Write(path, "roles: { aaaaaa: [ 'git:x:pull' ] }\n", stamp);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["aaaaaa"], file.Current.RoleNames);
        Write(path, "roles: { bbbbbb: [ 'git:x:pull' ] }\n", stamp);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(["bbbbbb"], file.Current.RoleNames);
    }

    [Fact]
    public void A_policy_that_is_gone_stays_in_force_and_that_is_reported()
    {
        var path = _folder.Write("policy.yaml", Reader);
        using var file = Open(path);
        File.Delete(path);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["reader"], file.Current.RoleNames);
        Assert.Contains("gone", Assert.Single(file.Problems).Message, StringComparison.Ordinal);
        Change(path, Reader);
        Assert.Empty(file.Problems);
    }

    [Fact]
    public void A_file_replaced_by_a_link_is_seen()
    {
        var path = Path.Combine(_folder.Root, "policy.yaml");
        var first = _folder.Write("first", Reader);
        var second = _folder.Write("second", "roles: { writer: [ 'git:x:push' ] }\n");
        File.CreateSymbolicLink(path, first);
        using var file = Open(path);
        File.CreateSymbolicLink(path + ".new", second);
        File.Move(path + ".new", path, overwrite: true);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["writer"], file.Current.RoleNames);
    }

    [Fact]
    public void At_the_default_place_a_policy_may_come_later()
    {
        var path = Path.Combine(_folder.Root, "policy.yaml");
        using var file = PolicyFile.Open(path, isRequired: false, _time, NullLogger.Instance);
        Assert.Same(AccessPolicy.Empty, file.Current);
        Assert.Null(file.LoadedAt);
        Change(path, Reader);
        Assert.Equal(["reader"], file.Current.RoleNames);
        Assert.NotNull(file.LoadedAt);
    }

    [Fact]
    public void A_broken_or_missing_policy_does_not_start()
    {
        var path = Path.Combine(_folder.Root, "policy.yaml");
        Assert.Throws<ConfigurationException>(() => Open(path));
        _folder.Write("policy.yaml", "roles: [");
        Assert.Throws<ConfigurationException>(() => Open(path));
        Assert.Throws<ConfigurationException>(() => PolicyFile.Open(path, isRequired: false, _time, NullLogger.Instance));
    }

    [Fact]
    public void After_disposal_nothing_is_read()
    {
        var path = _folder.Write("policy.yaml", Reader);
        var file = Open(path);
        file.Dispose();
        Change(path, "roles: {}");
        Assert.Equal(["reader"], file.Current.RoleNames);
    }

    private PolicyFile Open(string path) => PolicyFile.Open(path, isRequired: true, _time, NullLogger.Instance);

    private void Change(string path, string content)
    {
        Write(path, content);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private void Write(string path, string content, DateTime? stamp = null)
    {
        File.WriteAllText(path, content);
        File.SetLastWriteTimeUtc(path, stamp ?? _time.GetUtcNow().UtcDateTime);
    }
}

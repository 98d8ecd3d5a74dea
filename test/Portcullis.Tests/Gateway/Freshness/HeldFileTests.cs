using Portcullis.Gateway.Backends.Host.Freshness;

namespace Portcullis.Tests.Gateway.Freshness;

/// <summary>Files that are held open: whatever is done to one, or to the way to it, its stamp is that of the file that is there now.</summary>
public sealed class HeldFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-held-").FullName;
    private readonly string path;

    public HeldFileTests()
    {
        path = Path.Combine(folder, "sub", "file");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
    }

    public static TheoryData<string, bool> Changes
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var change in new[] { "overwrite", "append", "replace", "remove", "link over", "mode", "make" })
            {
                data.Add(change, true);
                data.Add(change, false);
            }

            return data;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_seen_at_once(string change, bool exists)
    {
        if (exists)
        {
            File.WriteAllText(path, "one");
        }

        using var held = new HeldFile(path);
        await SettleAsync(held);
        var before = StampOf(held);
        Assert.Equal(exists, before.Exists);
        switch (change)
        {
            case "overwrite" when exists:
                File.WriteAllText(path, "two");
                break;
            case "append" when exists:
                File.AppendAllText(path, "two");
                break;
            case "replace" or "overwrite" or "append":
                File.WriteAllText(path + ".new", "two");
                File.Move(path + ".new", path, overwrite: true);
                break;
            case "remove" when exists:
                File.Delete(path);
                break;
            case "link over":
                File.WriteAllText(path + ".other", "two");
                File.Delete(path);
                File.CreateSymbolicLink(path, path + ".other");
                break;
            case "mode" when exists:
                File.SetUnixFileMode(path, UnixFileMode.UserRead);
                break;
            default:
                File.WriteAllText(path, "made");
                break;
        }

        var after = StampOf(held);
        Assert.NotEqual(before, after);

        // Once it is looked up again, it is what the path leads to.
        held.LookUp();
        Assert.Equal(StampOfPath(), StampOf(held));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_way_to_the_path_is_seen_within_a_second_or_so(bool exists)
    {
        if (exists)
        {
            File.WriteAllText(path, "one");
        }

        using var held = new HeldFile(path);
        await SettleAsync(held);
        var before = StampOf(held);
        Directory.Move(Path.Combine(folder, "sub"), Path.Combine(folder, "away"));
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        File.WriteAllText(path, "another");
        await WaitAsync(() => StampOf(held) != before);
        Assert.Equal(StampOfPath(), StampOf(held));
    }

    [Fact]
    public async Task A_link_that_is_turned_is_seen_at_once()
    {
        File.WriteAllText(Path.Combine(folder, "a"), "one");
        File.WriteAllText(Path.Combine(folder, "b"), "two");
        File.CreateSymbolicLink(path, Path.Combine(folder, "a"));
        using var held = new HeldFile(path);
        await SettleAsync(held);
        var before = StampOf(held);
        File.CreateSymbolicLink(path + ".new", Path.Combine(folder, "b"));
        File.Move(path + ".new", path, overwrite: true);
        Assert.NotEqual(before, StampOf(held));
        Assert.Equal(StampOfPath(), StampOf(held));
    }

    [Fact]
    public void What_is_held_is_closed()
    {
        File.WriteAllText(path, "one");
        var held = new HeldFile(path);
        StampOf(held);
        Assert.Equal(1, OpenBelow(folder));

        // A replaced file is let go of when it is looked up.
        File.WriteAllText(path + ".new", "two");
        File.Move(path + ".new", path, overwrite: true);
        held.LookUp();
        Assert.Equal(1, OpenBelow(folder));
        held.Dispose();
        Assert.Equal(0, OpenBelow(folder));
    }

    [Fact]
    public void No_more_than_a_handful_is_held()
    {
        using var files = new HeldFiles();
        Assert.NotNull(files.TryHold(path));
        Assert.Same(files.TryHold(path), files.TryHold(path));
        Assert.Contains(Enumerable.Range(0, 100), i => files.TryHold(path + i) is null);
        Assert.NotNull(files.TryHold(path));
    }

    /// <summary>How many files and directories below a folder this process has open.</summary>
    internal static int OpenBelow(string folder) =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(entry => LinkOf(entry)?.StartsWith(folder, StringComparison.Ordinal) == true);

    private static string? LinkOf(string entry)
    {
        try
        {
            return new FileInfo(entry).LinkTarget;
        }
        catch (IOException)
        {
            // Closed meanwhile by another test.
            return null;
        }
    }

    private static FileStamp StampOf(HeldFile held)
    {
        Assert.True(held.TryStamp(out var stamp));
        return stamp;
    }

    private FileStamp StampOfPath()
    {
        Assert.True(NativeFile.TryStamp(NativeFile.PathBytes(path), follow: true, out var stamp));
        return stamp;
    }

    // Until the folder's time is old enough that its stamp tells of what comes into it.
    private async Task SettleAsync(HeldFile held)
    {
        await WaitAsync(() =>
        {
            using var sub = RepositoryFolder.Open(Path.GetDirectoryName(path)!);
            return sub.IsSettled;
        });
        held.LookUp();
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        for (var round = 0; !condition(); round++)
        {
            Assert.True(round < 6000, "It did not come to pass.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}

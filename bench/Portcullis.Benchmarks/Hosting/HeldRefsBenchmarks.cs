using System.Buffers;
using BenchmarkDotNet.Attributes;
using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.RefFiles;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Benchmarks.Hosting;

/// <summary>What an answer about refs costs: the proof that they are the same still, and the writing.</summary>
[MemoryDiagnoser]
public class HeldRefsBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portcullis-bench-").FullName;
    private readonly ArrayBufferWriter<byte> _output = new(8 << 20);
    private RepositoryFacts _facts = null!;
    private RefReader _reader = null!;
    private string _repository = "";
    private LsRefsRequest _narrow = null!;

    [Params(10, 50_000)]
    public int Refs { get; set; }

    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    private async Task SetUpAsync()
    {
        var options = new GatewayOptions
        {
            PublicUrl = "https://git.example.com",
            TokenEndpoint = "https://git.example.com/oauth/token",
            RepositoriesRoot = _folder,
            RunDirectory = _folder,
            OperatorGitConfiguration = Path.Combine(_folder, "operator"),
        };
        var git = GitInstallation.Prepare(options, TimeProvider.System);
        var store = new RepositoryStore(_folder, git);
        var path = RepositoryPath.Parse("acme/app");
        await store.CreateAsync(path, ObjectFormat.Sha1, CancellationToken.None);
        _repository = store.Locate(path)!;
        File.WriteAllText(
            Path.Combine(_repository, "packed-refs"),
            "# pack-refs with: peeled fully-peeled \n" + string.Concat(Enumerable.Range(0, Refs).Select(i => $"{i + 1:x40} refs/changes/{i % 100:00}/{i}/1\n")));
        _facts = new RepositoryFacts(git);
        _reader = new RefReader(git, _facts, new RefFilesCache(git));
        var request = new ArrayBufferWriter<byte>();
        request.WriteText("command=ls-refs");
        request.WriteDelim();
        request.WriteText("ref-prefix refs/changes/07/7/");
        request.WriteFlush();
        _narrow = LsRefsRequest.Parse(CommandRequest.Parse(request.WrittenMemory));
        do
        {
            await _reader.ReadForFetchAsync(_repository, CancellationToken.None);
            await Task.Delay(50);
        }
        while (!IsHeld());

        bool IsHeld()
        {
            using var folder = RepositoryFolder.Open(_repository);
            return _facts.TryGet(folder) is { } known && _reader.TryReadForFetch(folder, known) is not null;
        }
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _facts.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public bool Proof_of_the_configuration()
    {
        using var folder = RepositoryFolder.Open(_repository);
        return _facts.TryGet(folder) is not null;
    }

    [Benchmark]
    public bool Proof_of_the_refs() => Held().Entries.Length > 0;

    [Benchmark]
    public bool List_all_refs() => Written(output => LsRefsResponseWriter.Write(output, LsRefsRequest.Everything, Held()));

    [Benchmark]
    public bool List_refs_with_a_narrow_prefix() => Written(output => LsRefsResponseWriter.Write(output, _narrow, Held()));

    [Benchmark]
    public bool Advertise_to_a_pusher() => Written(output => RefAdvertisementWriter.Write(
        output, GitService.ReceivePack, GitProtocolVersion.V0, Held(), Facts().ReceivePack));

    private RefSnapshot Held()
    {
        using var folder = RepositoryFolder.Open(_repository);
        return _reader.TryReadForFetch(folder, _facts.TryGet(folder)!)!;
    }

    private RepositoryFacts.Facts Facts()
    {
        using var folder = RepositoryFolder.Open(_repository);
        return _facts.TryGet(folder)!;
    }

    private bool Written(Action<IBufferWriter<byte>> write)
    {
        _output.ResetWrittenCount();
        write(_output);
        return _output.WrittenCount > 0;
    }
}

using BenchmarkDotNet.Attributes;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Benchmarks.Access;

/// <summary>What a decision costs: below 2 µs and without allocation; a restricted view makes one for each ref that is advertised.</summary>
[MemoryDiagnoser]
public class DecisionBenchmarks
{
    private const string Scope =
        "git:acme/*:pull git:acme/*@refs/heads/*,^refs/heads/main:push git:acme/app@refs/heads/users/alice/*:push,force,delete git:other/*:pull";

    private static readonly SourceLocation s_location = new("policy.yaml", 1);

    private readonly RepositoryPath _repository = RepositoryPath.Parse("acme/app");
    private readonly RefName _topic = RefName.Parse("refs/heads/users/alice/topic");
    private readonly RefName _main = RefName.Parse("refs/heads/main");
    private readonly PermissionSet _permissions = PermissionSet.FromScope(Scope);
    private AccessPolicy _policy = AccessPolicy.Empty;
    private RepositoryAccess _access = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var rule = new RuleDefinition([Text("acme/*")], [Text("refs/heads/main")], [Text("force"), Text("delete")], s_location);
        _policy = AccessPolicy.Compile(new PolicyDefinition { Rules = [rule] }, out _)!;
        _access = RepositoryAccess.For(_permissions, _policy, _repository);
    }

    [Benchmark]
    public Decision Push_allowed() => _access.Decide(AccessAction.Push, _topic);

    [Benchmark]
    public Decision Force_allowed() => _access.Decide(AccessAction.Force, _topic);

    [Benchmark]
    public Decision Push_refused() => _access.Decide(AccessAction.Push, _main);

    [Benchmark]
    public RepositoryAccess Look_up_a_repository() => RepositoryAccess.For(_permissions, _policy, _repository);

    [Benchmark]
    public PermissionSet Read_a_scope() => PermissionSet.FromScope(Scope);

    private static PolicyText Text(string value) => new(value, s_location);
}
